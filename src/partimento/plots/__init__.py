"""Pictures of what a model learns, still and moving, and the page that shows them.

    losses                      curves of losses
    latent, latent_history      the latent space at one time, and over the epochs
    reconstruction, score_pair  one window reconstructed better and better, as a score
    chords                      the map of chord embeddings
    network, encodings          the architecture of a network; chords as vectors
    gif, gallery                moving pictures as a file; the page of a run

Still pictures are matplotlib `Figure`s, which `style.write_plot` writes. No request leaves a page:
style, script and data stand inside it, and its policy forbids all else. Like a page of music these
pictures take scores from `export.write`, never from the writers that it chains.
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
