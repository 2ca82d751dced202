"""Parsing processes: ended when they hang, replaced when they crash."""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.corpus.parsers.saboteur import COMMAND, SABOTEUR, reasons

from partimento.corpus import read_pieces
from partimento.corpus.parsers.pool import Parser, Parsers, Task, batched, in_order


def test_a_hanging_parser_is_killed(write, good, tmp_path):
    for name in ("a", "hang1", "hang2", "z"):
        write(f"{name}.mid", good)
    reading = read_pieces(tmp_path, workers=2, timeout_s=1.5, command=COMMAND)
    assert len(reading.pieces) == 2
    assert set(reasons(reading).values()) == {"reading it took longer than 1.5 s"}


def test_no_parser_outlives_the_reading(write, good, tmp_path):
    path = write("a.mid", good)
    with Parsers(COMMAND) as parsers:
        assert len(parsers.answers([Task(json.dumps({"path": str(path)}), 20)] * 5)) == 5
        processes = [parser._process for parser in parsers._all]
    assert processes
    assert all(process.returncode is not None for process in processes)
    with pytest.raises(RuntimeError, match="closed"):
        parsers.answers([])


def test_leaving_the_block_kills_busy_parsers(write, good):
    path = write("hang.mid", good)
    with ThreadPoolExecutor(1) as executor:
        with Parsers(COMMAND) as parsers:
            future = executor.submit(parsers.answers, [Task(json.dumps({"path": str(path)}), 1000)])
            while not parsers._all or parsers._all[0]._process is None:
                time.sleep(0.01)
        with pytest.raises(RuntimeError, match="closed"):
            future.result(timeout=20)


def test_a_crash_is_tried_once_more_in_a_fresh_process(write, good, tmp_path):
    """The parser dies once, at a file that has nothing wrong with it; asked again in a fresh
    process it is read.
    """
    write("a.mid", good)
    once = SABOTEUR.replace(
        'if "abort" in name:',
        f'if name == "b.mid" and not os.path.exists({str(tmp_path / "died")!r}):\n'
        f'        open({str(tmp_path / "died")!r}, "w")',
    )
    write("b.mid", good)
    assert (
        len(read_pieces(tmp_path, workers=1, command=(sys.executable, "-P", "-c", once)).pieces)
        == 2
    )
    assert (tmp_path / "died").exists()


def test_parsers_that_cannot_start_raise_an_error(write, good):
    path = write("a.mid", good)
    with pytest.raises(RuntimeError, match="could not start"):
        read_pieces([path], command=(sys.executable, "-c", "raise SystemExit(3)"))


def test_results_come_in_order():
    def work(number):
        time.sleep(0.02 * (number == 0))
        return number

    with ThreadPoolExecutor(3) as executor:
        assert list(in_order(executor, work, range(7), ahead=3)) == list(range(7))
        assert list(in_order(executor, work, [], ahead=3)) == []


def test_no_more_work_is_under_way_than_allowed():
    taken = []

    def items():
        for number in range(9):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(1) as executor:
        results = in_order(executor, abs, items(), ahead=2)
        assert next(results) == 0
        assert len(taken) == 2
        results.close()
        assert len(taken) == 2


def test_batches_are_full_but_the_last():
    assert list(batched("abcde", 2)) == [["a", "b"], ["c", "d"], ["e"]]
    assert list(batched("", 2)) == []


def test_an_answer_larger_than_any_score_ends_the_parser():
    boaster = (
        "import struct, sys; out = sys.stdout.buffer; out.write(struct.pack('>Q', 0)); out.flush();"
        " sys.stdin.readline(); out.write(struct.pack('>Q', 2**40)); out.flush();"
        " sys.stdin.readline()"
    )
    parser = Parser((sys.executable, "-c", boaster))
    (answer,) = parser.run([Task("{}", 20)])
    assert answer.failure == "the parser gave an answer that is too large for a score"
    parser.close()
    with pytest.raises(RuntimeError, match="the parser is closed"):
        list(parser.run([Task("{}", 20)]))
