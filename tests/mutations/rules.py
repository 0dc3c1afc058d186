"""The list: which rule is broken, by which change, and where the tests are that have to notice."""

from typing import Final, NamedTuple

MIRROR: Final = "service/mirror/"
TROUBLE: Final = "tests/mirror/test_trouble.py"
BATCHES: Final = "tests/mirror/test_batches.py"
IN_STEP: Final = "tests/mirror/test_in_step.py"
INSTANCE: Final = "tests/mirror/test_instance.py"
LATE: Final = "tests/mirror/test_late_writes.py"
LEASE: Final = "tests/mirror/test_lease.py"
REBUILD: Final = "tests/mirror/test_rebuild.py"
RETRACTION: Final = "tests/mirror/test_retraction.py"


class Mutation(NamedTuple):
    """One change: `old` occurs once in the file, and `new` stands there instead. Without `tests`, all of tests/mirror are run."""

    name: str
    rule: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...] = ()


SENDING: Final = (
    Mutation(
        "acknowledge-on-acceptance",
        "a write counts when the engine's final word is yes, not when it was accepted",
        MIRROR + "sender.py",
        "verdict = self._await(ticket)\n            if",
        "verdict = Verdict(ticket.uid >= 0)\n            if",
        (TROUBLE + "::test_an_edit_while_its_document_is_in_flight_is_not_lost",),
    ),
    Mutation(
        "clean-whatever-generation",
        "a document is clean only if the generation that was sent still stands",
        MIRROR + "batch.py",
        "state = CASE WHEN ledger.generation = i.generation THEN 'clean' ELSE state END",
        "state = 'clean'",
        (BATCHES + "::test_an_edit_that_another_keeper_folds_while_its_document_is_in_flight_is_not_lost",),
    ),
    Mutation(
        "count-not-compared",
        "an engine that took in fewer documents than were sent has not taken in the batch",
        MIRROR + "sender.py",
        'if verdict.succeeded and batch.operation == "put" and verdict.documents not in (None, len(batch.items)):',
        'if verdict.succeeded and batch.operation == "put" and verdict.documents == -1:',
        (BATCHES + "::test_a_batch_of_which_fewer_documents_were_taken_in_is_sent_again",),
    ),
    Mutation(
        "no-barrier",
        "nothing is sent over a batch of unknown outcome while it may still arrive",
        MIRROR + "sender.py",
        'if row["age"] < self.patience.drain and waited < self.patience.drain:',
        "if waited < 0:",
        (TROUBLE + "::test_a_request_that_was_lost_is_sent_again_only_after_it_can_no_longer_arrive",),
    ),
    Mutation(
        "not-looked-for",
        "a batch whose answer was lost is looked for before it is given up",
        MIRROR + "sender.py",
        'return self.engine.trace(row["id"], row["prepared_at"])',
        "return None",
        (TROUBLE + "::test_an_answer_that_was_lost_is_found_by_the_mark_of_its_batch",),
    ),
    Mutation(
        "no-bisect",
        "a batch that is refused is halved until the culprit is alone",
        MIRROR + "sender.py",
        "if len(batch.items) > 1:",
        "if len(batch.items) > 10_000:",
        (BATCHES + "::test_a_refused_document_keeps_the_others_of_its_batch_no_longer_than_the_halving_takes",),
    ),
    Mutation(
        "refused-once-is-dead",
        "a document is dead when it was refused alone twice",
        MIRROR + "sender.py",
        "TRIES_ALONE: Final = 2",
        "TRIES_ALONE: Final = 1",
        (BATCHES + "::test_a_document_that_was_refused_alone_once_is_tried_again",),
    ),
    Mutation(
        "documents-blamed-for-the-engine",
        "an engine's own fault blames no document",
        MIRROR + "sender.py",
        "if verdict.code in ENGINE_FAULTS or not verdict.message:",
        "if verdict.code in ():",
        (TROUBLE + "::test_a_task_that_fails_by_the_engines_fault_blames_no_document",),
    ),
    Mutation(
        "everything-may-die",
        "when a tenth of all documents is dead, nothing more is blamed on them",
        MIRROR + "ledger.py",
        "return dead >= FEW and dead >= MOST_DEAD * _count(connection, copy)",
        "return dead < 0",
        (BATCHES + "::test_when_too_many_are_refused_the_others_are_not_given_up",),
    ),
    Mutation(
        "prepared-after-sending",
        "a batch is committed as open before any request of it",
        MIRROR + "batch.py",
        '"state": "prepared"',
        '"state": "done"',
        (BATCHES + "::test_a_batch_and_its_items_are_committed_as_open_before_the_request",),
    ),
    Mutation(
        "ledger-read-after-the-rows",
        "the ledger is read before the documents are built, so that an edit in between makes them dirty again",
        MIRROR + "choosing.py",
        '    there, unbuilt = build(database, [row["document_id"] for row in rows])\n',
        '    there, unbuilt = build(database, [row["document_id"] for row in rows])\n'
        "    with database.reading() as connection:\n"
        "        rows = _due(connection, copy, without)\n",
        (BATCHES + "::test_an_edit_that_is_folded_while_its_document_is_built_is_not_lost",),
    ),
    Mutation(
        "chosen-twice",
        "what is chosen ahead holds no document of the batch that is under way",
        MIRROR + "choosing.py",
        'if row["document_id"] not in without',
        'if row["document_id"] != ""',
        (BATCHES + "::test_what_is_chosen_ahead_is_sent_once",),
    ),
    Mutation(
        "gate-off",
        "what no engine takes is set aside without being sent",
        MIRROR + "choosing.py",
        "if reason := refusal(content, size):",
        "if (reason := refusal(content, size)) and size < 0:",
        (BATCHES + "::test_what_no_engine_takes_is_set_aside_without_being_sent",),
    ),
    Mutation(
        "same-is-sent",
        "a document that says nothing new is not sent",
        MIRROR + "choosing.py",
        'if row["present"] and row["indexed_hash"] == content["sync_hash"]:',
        'if row["present"] and row["indexed_hash"] == "":',
        (IN_STEP + "::test_a_change_that_says_nothing_new_is_not_sent",),
    ),
    Mutation(
        "back-off-without-cap",
        "the pauses between tries grow up to a limit",
        MIRROR + "keeper.py",
        "        pause = min(self.patience.retry, 0.125 * 2 ** min(self.failures, 20)) * random.uniform(0.5, 1.0)  # noqa: S311\n"
        "        pause = min(self.patience.retry, max(pause, retry_after if asked or self.failures > 2 else 0))\n",
        "        pause = 0.125 * 2 ** min(self.failures, 20) * random.uniform(0.5, 1.0)  # noqa: S311\n",
        (TROUBLE + "::test_pauses_between_tries_grow_up_to_the_limit",),
    ),
    Mutation(
        "task-by-its-number",
        "a task is ours when it shows the batch's mark; its number proves nothing",
        "service/search/meilisearch/tasks.py",
        'return task.get("customMetadata") == batch and task.get("indexUid") == index',
        'return task.get("indexUid") == index',
        ("tests/search/meilisearch/test_unknown_outcomes.py",),
    ),
)

FOLDING: Final = (
    Mutation(
        "unread-touches-deleted",
        "a fold deletes only the touches that it has read",
        MIRROR + "fold.py",
        "        touches = _take(connection)\n",
        "        touches = _take(connection)\n        connection.execute(delete(TOUCH))\n",
        (IN_STEP + "::test_many_documents_go_in_several_batches",),
    ),
    Mutation(
        "built-copy-not-folded-to",
        "a fold makes documents dirty in every copy, also in one that is being built",
        MIRROR + "fold.py",
        'statement = _statement("SELECT :document AS id", "1 = 1")',
        'statement = _statement("SELECT :document AS id", "c.role = \'live\'")',
        (REBUILD + "::test_what_is_written_in_every_state_is_in_the_new_index",),
    ),
    Mutation(
        "dead-for-ever",
        "a new change deserves a new try",
        MIRROR + "fold.py",
        "DO UPDATE SET state = 'dirty',",
        "DO UPDATE SET state = CASE WHEN ledger.state = 'dead' THEN 'dead' ELSE 'dirty' END,",
        (TROUBLE + "::test_a_poisoned_document_is_found_by_halving_and_set_aside_and_the_others_are_indexed",),
    ),
)

LEASING: Final = (
    Mutation(
        "not-fenced",
        "each write of a sender checks that its epoch still stands",
        MIRROR + "lease.py",
        "if connection.execute(text(question), values).rowcount != 1:",
        "if connection.execute(text(question), values).rowcount > 1:",
        (TROUBLE + "::test_a_sender_that_lost_its_lease_writes_nothing",),
    ),
    Mutation(
        "same-epoch",
        "the epoch is raised with every change of hands",
        MIRROR + "lease.py",
        "THEN lease.epoch ELSE lease.epoch + 1 END",
        "THEN lease.epoch ELSE lease.epoch END",
        (TROUBLE + "::test_only_one_sender_at_a_time_holds_the_lease",),
    ),
    Mutation(
        "sent-after-a-sleep",
        "nothing is sent once the lease may have run out unseen",
        MIRROR + "lease.py",
        "if not self.epoch or time.monotonic() - self._renewed_at > self.seconds:",
        "if not self.epoch:",
        (LEASE + "::test_who_was_stopped_just_before_sending_sends_nothing_when_it_goes_on",),
    ),
    Mutation(
        "by-the-clock-of-the-process",
        "a lease ends by the database's clock",
        MIRROR + "lease.py",
        "at, until = clock.now(connection), clock.later(connection)",
        "at, until = time.strftime(\"'%Y-%m-%d %H:%M:%S'\", time.gmtime()), clock.later(connection)",
        (LEASE + "::test_it_ends_by_the_clock_of_the_database_whatever_the_hosts_say",),
    ),
)

LOOKING: Final = (
    Mutation(
        "marker-of-another",
        "an instance that is marked by another register is built anew",
        MIRROR + "instance.py",
        "if marker is not None and marker.register != register:",
        'if marker is not None and marker.register == "":',
        (REBUILD + "::test_it_begins_by_itself",),
    ),
    Mutation(
        "lower-number-ignored",
        "a lower number in the marker means an older copy: what was sent since is owed, and what is gone is left out meanwhile",
        MIRROR + "instance.py",
        'elif marker.watermark < row["watermark"]:',
        "elif marker.watermark < 0:",
        (INSTANCE + "::test_an_engine_restored_from_an_older_copy_is_brought_up_to_date",),
    ),
    Mutation(
        "higher-number-ignored",
        "a higher number in the marker means that the register was put back",
        MIRROR + "instance.py",
        'if marker.watermark > row["change_sequence"]:',
        "if marker.watermark < 0:",
        (INSTANCE + "::test_a_marker_that_is_ahead_of_the_register_has_its_mirror_audited",),
    ),
    Mutation(
        "newest-write-not-compared",
        "the newest write tells a restored instance",
        MIRROR + "instance.py",
        "return self._marker() or self._writes(state) or self._count(state)",
        "return self._marker() or self._count(state)",
        (INSTANCE + "::test_an_older_copy_is_noticed_by_its_newest_write_where_the_marker_is_the_same",),
    ),
    Mutation(
        "not-counted",
        "documents that somebody removed are noticed by their number",
        MIRROR + "instance.py",
        "return self._marker() or self._writes(state) or self._count(state)",
        "return self._marker() or self._writes(state)",
        (INSTANCE + "::test_a_document_that_somebody_removed_or_changed_is_put_back",),
    ),
    Mutation(
        "identity-not-looked-at",
        "another content under the index's name is noticed",
        MIRROR + "instance.py",
        "if state.identity != self.copy.identity:",
        'if state.identity == "":',
        (INSTANCE + "::test_an_index_that_was_made_anew_with_the_same_documents_is_another",),
    ),
    Mutation(
        "written-to-a-stranger",
        "nothing is written to an index of another identity",
        MIRROR + "sender.py",
        "engine.expect(copy.identity)",
        "engine.expect(None)",
        (INSTANCE + "::test_nothing_is_written_to_an_index_that_took_the_place_of_ours_unseen",),
    ),
    Mutation(
        "no-later-look",
        "the documents of a batch that was given up are looked at later",
        MIRROR + "sender.py",
        "after = self.patience.verify[0] if self.patience.verify else None",
        "after = None",
        (LATE + "::test_it_is_found_by_looking_again_where_a_newer_write_is_the_newest",),
    ),
    Mutation(
        "late-looks-left-behind",
        "what had to be looked at later is looked at in the index that took the name",
        MIRROR + "rebuild.py",
        "            verify.carry_over(connection, former, copy)\n",
        "",
        (LATE + "::test_it_is_found_in_the_index_that_took_the_name_it_was_sent_to",),
    ),
    Mutation(
        "audit-by-counts",
        "an audit compares every document, not their number",
        MIRROR + "audit.py",
        "doubted = self._differences({*ids, *marks}, marks)",
        "doubted = self._differences({*ids, *marks} if len(ids) != len(marks) else (), marks)",
        (INSTANCE + "::test_a_change_that_no_trigger_saw_is_found_by_the_audit",),
    ),
)

REBUILDING: Final = (
    Mutation(
        "not-checked",
        "a built index is compared with the register before it takes its place",
        MIRROR + "rebuild.py",
        'self._move("checking")',
        'self._move("swapping")',
        (REBUILD + "::test_a_built_index_that_is_wrong_is_mended_and_one_that_stays_wrong_is_abandoned",),
    ),
    Mutation(
        "exchanged-again",
        "an exchange of names is asked for once",
        MIRROR + "rebuild.py",
        "if sent_at is None:",
        "if True:",
        (REBUILD + "::test_an_exchange_whose_answer_was_lost_is_seen_by_looking_and_never_sent_twice",),
    ),
    Mutation(
        "abandoned-and-kept",
        "the index of an abandoned build is removed, so that a late exchange finds nothing",
        MIRROR + "rebuild.py",
        "            self.engine.beside(copy.index).clear()\n",
        "            self.engine.beside(copy.index)\n",
        (REBUILD + "::test_an_exchange_that_arrives_after_it_was_given_up_finds_nothing_to_exchange",),
    ),
    Mutation(
        "swapped-over-open-batches",
        "names are exchanged when neither copy has a batch of unknown outcome",
        MIRROR + "rebuild.py",
        "for each in filter(None, (standing.live, copy)):",
        "for each in ():",
        (REBUILD + "::test_names_are_not_exchanged_while_a_write_to_either_index_may_still_arrive",),
    ),
)

TAKING_BACK: Final = (
    Mutation(
        "taken-back-and-found",
        "a search leaves out what was taken back",
        MIRROR + "asking.py",
        "return tuple(sorted(excluded)[: retraction.MOST])",
        "return ()",
        ("tests/served/test_taken_back.py",),
    ),
    Mutation(
        "forgotten-too-early",
        "a retraction goes when every live copy is clean of it",
        MIRROR + "retraction.py",
        "WHERE l.document_id = retraction.document_id AND c.role = 'live' AND l.state <> 'clean')",
        "WHERE l.document_id = retraction.document_id AND c.role = 'live' AND l.state = 'none')",
        (RETRACTION + "::test_it_is_left_out_of_a_mirror_that_lags_however_far_the_other_is",),
    ),
    Mutation(
        "shown-while-in-doubt",
        "while a mirror is in doubt, nothing that was taken back is forgotten",
        MIRROR + "retraction.py",
        "  AND NOT EXISTS (SELECT 1 FROM mirror m WHERE m.doubt IS NOT NULL)\n",
        "",
        (RETRACTION + "::test_nothing_is_forgotten_while_it_is_in_doubt_what_an_engine_holds",),
    ),
)

MUTATIONS: Final = (*SENDING, *FOLDING, *LEASING, *LOOKING, *REBUILDING, *TAKING_BACK)
