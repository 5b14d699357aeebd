"""A repeated request gets its first answer, also when both come at once."""

import threading

from oneshelf.base.database import Database
from oneshelf.base.identifiers import ChannelId
from oneshelf.base.repeat_keys import RepeatKey, forget_keys, hash_body, store_answers, take_keys

KEY = RepeatKey(ChannelId("web"), "order-1")
HASH = hash_body(b"{}")


def test_a_stored_answer_is_found_again(database):
    with database.transaction("test", "test") as tx:
        first = take_keys(tx, {KEY: HASH})
        store_answers(tx, {KEY: '{"number": 1}'})
    with database.transaction("test", "test") as tx:
        again = take_keys(tx, {KEY: hash_body(b"other")})

    assert first == {}
    assert again[KEY].answer == '{"number": 1}'
    assert again[KEY].body_hash == HASH


def test_a_repeat_among_new_keys_is_found_and_the_new_ones_are_taken(database):
    new = RepeatKey(ChannelId("web"), "order-2")
    with database.transaction("test", "test") as tx:
        take_keys(tx, {KEY: HASH})
        store_answers(tx, {KEY: "1"})
    with database.transaction("test", "test") as tx:
        known = take_keys(tx, {KEY: HASH, new: HASH})
        store_answers(tx, {new: "2"})
    with database.transaction("test", "test") as tx:
        both = take_keys(tx, {KEY: HASH, new: HASH})

    assert known.keys() == {KEY}
    assert {key: one.answer for key, one in both.items()} == {KEY: "1", new: "2"}


def test_a_forgotten_key_is_a_new_question(database):
    with database.transaction("test", "test") as tx:
        take_keys(tx, {KEY: HASH})
        forget_keys(tx, [KEY])
    with database.transaction("test", "test") as tx:
        again = take_keys(tx, {KEY: HASH})
        store_answers(tx, {KEY: "1"})

    assert again == {}


def test_a_key_another_transaction_decides_is_waited_for(database, url):
    other = Database(url)
    taken, answered = threading.Event(), []

    def second():
        taken.wait(10)
        with other.transaction("test", "second") as tx:
            answered.append(take_keys(tx, {KEY: HASH}))

    thread = threading.Thread(target=second)
    thread.start()
    with database.transaction("test", "first") as tx:
        take_keys(tx, {KEY: HASH})
        taken.set()
        thread.join(0.3)
        still_waiting = thread.is_alive()
        store_answers(tx, {KEY: "7"})
    thread.join(10)
    other.close()

    assert still_waiting
    assert [one[KEY].answer for one in answered] == ["7"]
