"""Read MEI, the format of the Music Encoding Initiative."""
