from ._read import read as read
from ._train import train as train
from .corpus.entries import Corpus as Corpus
from .corpus.entries import CorpusEntry as CorpusEntry
from .corpus.load import load_corpus as load_corpus
from .corpus.store.build import build_store as build_store
from .errors import PartimentoError as PartimentoError
from .errors import ReadError as ReadError
from .evaluation.evaluate import evaluate as evaluate
from .evaluation.originality import originality as originality
from .generate.constraints import Constraint as Constraint
from .generate.constraints import InKey as InKey
from .generate.constraints import Range as Range
from .generate.sampler import Sampling as Sampling
from .io.lint import lint as lint
from .music.events import Event as Event
from .music.notes import Note as Note
from .music.piece import Piece as Piece
from .music.timelines import Key as Key
from .music.timelines import Meter as Meter
from .music.timelines import Part as Part
from .music.timelines import Source as Source
from .music.timelines import Tempo as Tempo
from .training.callbacks import Callback as Callback
from .training.trained_model import TrainedModel as TrainedModel
from .training.trained_model import load_model as load_model

__version__: str
