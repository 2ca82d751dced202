"""Draw pictures of models, training and corpora, and pages that show them.

    losses                      loss curves
    latent, latent_history      the latent space after one epoch, and over all epochs
    reconstruction, score_pair  the reconstruction of one window over the epochs, as a score
    chords                      the map of chord embeddings
    network, encodings          the architecture of a network; chords as vectors
    gif, gallery                animations as files; the page of a run

Still pictures are matplotlib `Figure`s, which `style.write_plot` writes. Pages are self-contained:
they have style, script and data inside, and their content security policy forbids requests. Scores
are engraved by `export.write`.
"""

from partimento.plots.chords import chord_map
from partimento.plots.encodings import encodings_figure
from partimento.plots.gallery import write_animation, write_learning_page
from partimento.plots.latent import latent_map
from partimento.plots.latent_history import LatentHistory, latent_gif, latent_page
from partimento.plots.losses import loss_comparison, loss_curves
from partimento.plots.network import Node, architecture
from partimento.plots.reconstruction import Reconstruction, score_gif, score_page
from partimento.plots.score_pair import chords_right

__all__ = [
    "LatentHistory",
    "Node",
    "Reconstruction",
    "architecture",
    "chord_map",
    "chords_right",
    "encodings_figure",
    "latent_gif",
    "latent_map",
    "latent_page",
    "loss_comparison",
    "loss_curves",
    "score_gif",
    "score_page",
    "write_animation",
    "write_learning_page",
]
