"""The 46 faults between tablet and server, the required outcome of each, and the tests that show it."""

FAULTS_OF_A_TABLET = "tests/browser/test_faults.py::test_"
FAULTS_OF_THE_SERVER = "tests/sync/test_faults.py::test_"
OUTBOX = "tests/browser/test_outbox.py::test_"
PAGES = "tests/browser/test_tablet.py::test_"
LOCK = "tests/browser/test_lock.py::test_"
PROOF = "tests/browser/test_tablet_proof.py::test_"
REFERRING = "tests/browser/test_refer_offline.py::test_"
RECEIVING = "tests/sync/test_receiving.py::test_"
KILL = "tests/sync/test_kill.py::test_"
NETWORK = "tests/sync/test_lossy_network.py::test_"
QUARANTINE = "tests/sync/test_quarantine.py::test_"
DEVICES = "tests/sync/test_devices.py::test_"

ANY_ANSWER = OUTBOX + "a_record_leaves_only_on_its_own_receipt_whatever_else_comes_back"
ANY_LINE = NETWORK + "nothing_is_lost_or_doubled_over_any_line"
QUARANTINED = RECEIVING + "what_cannot_be_stored_is_quarantined_with_its_reason_and_the_rest_passes"
NOT_STORED = (
    FAULTS_OF_A_TABLET + "what_the_storage_did_not_keep_is_never_called_saved_and_stays_in_the_form"
)
NEW_WORKER = (
    FAULTS_OF_A_TABLET
    + "a_new_worker_waits_for_the_form_and_the_page_of_the_old_one_goes_on_with_it"
)
NEWER_STORES = FAULTS_OF_A_TABLET + "an_open_page_gives_way_to_newer_stores_and_then_only_sends"
EMPTIED = (
    FAULTS_OF_A_TABLET
    + "a_tablet_whose_storage_was_emptied_says_so_and_the_server_knows_what_was_lost",
    FAULTS_OF_THE_SERVER
    + "a_tablet_whose_storage_was_emptied_is_enrolled_again_and_its_loss_is_shown",
)
LEFT_BEHIND = (
    FAULTS_OF_A_TABLET
    + "what_one_person_left_is_counted_but_not_readable_for_the_next_and_keeps_its_author"
)
KILLED_WHILE_SAVING = PROOF + "a_full_queue_survives_a_kill_while_saving_and_leaves_by_itself"
COPIES = QUARANTINE + "an_imported_copy_is_stored_as_if_the_tablet_had_sent_it_and_twice_is_once"
REPLAYED = RECEIVING + "a_replay_by_another_tablet_is_quarantined_and_adds_nothing"

FAULTS: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "The answer is lost after the commit: sent again it is a duplicate, one row, counted once.",
        (ANY_LINE, ANY_ANSWER),
    ),
    2: (
        "The request is cut at any byte: all of the batch is taken or nothing, the tablet keeps it.",
        (KILL + "a_request_cut_at_every_byte_is_taken_whole_or_not_at_all",),
    ),
    3: (
        "The answer is cut at any byte: what has no whole receipt stays.",
        (KILL + "an_answer_cut_at_every_byte_frees_nothing_until_it_is_whole", ANY_ANSWER),
    ),
    4: (
        "The server is killed at any moment: nothing acknowledged is lost, nothing doubled.",
        (
            KILL + "a_server_killed_while_tablets_send_loses_and_doubles_nothing",
            PROOF + "kills_at_random_moments_lose_and_double_nothing",
        ),
    ),
    5: (
        "A captive portal answers 200 with its own page: all stays, and the page says why.",
        (
            ANY_ANSWER,
            FAULTS_OF_A_TABLET + "a_captive_portal_is_named_and_keeps_nothing_from_leaving_later",
        ),
    ),
    6: (
        "A proxy answers 204, 302, 404, 405 or 413: nothing is deleted; 413 halves the batch.",
        (
            ANY_ANSWER,
            OUTBOX + "too_large_a_batch_is_halved_and_what_the_server_quarantines_is_reported",
        ),
    ),
    7: (
        "401 in the middle of a queue: the rest stays, and leaves once the tablet is enrolled again.",
        (
            FAULTS_OF_A_TABLET
            + "a_refusal_in_the_middle_of_a_queue_keeps_the_rest_until_it_is_enrolled_again",
        ),
    ),
    8: (
        "The tablet moved or its author left: 403 frees nothing, the server sets the record aside.",
        (
            ANY_ANSWER,
            RECEIVING + "a_tablet_that_moved_has_its_former_desks_records_quarantined",
            RECEIVING + "a_record_of_an_author_who_left_since_is_quarantined_with_its_author",
        ),
    ),
    9: (
        "The same number with other content: both are kept, the second is quarantined and shown.",
        (
            RECEIVING + "the_same_answers_sealed_again_are_a_duplicate_and_others_a_conflict",
            QUARANTINE + "a_record_that_differs_is_shown_next_to_the_other_and_gets_its_own_number",
        ),
    ),
    10: (
        "One of fifty cannot be taken: 49 are, and that one is acknowledged as quarantined.",
        (FAULTS_OF_THE_SERVER + "one_invalid_record_of_fifty_delays_none_of_the_others",),
    ),
    11: (
        "429 or 503 with Retry-After: nothing is asked before, and then without a touch.",
        (
            ANY_ANSWER,
            FAULTS_OF_A_TABLET
            + "a_busy_server_is_asked_again_when_it_asked_to_and_the_sheet_shows_when",
        ),
    ),
    12: (
        "500 for a long time: the pauses grow to 60 s and no further, the chip counts, all leaves.",
        (
            FAULTS_OF_A_TABLET
            + "after_failures_it_waits_longer_each_time_up_to_a_minute_and_goes_on_by_itself",
        ),
    ),
    13: (
        "A damaged envelope: kept as it is, acknowledged as quarantined, the queue moves on.",
        (QUARANTINED, QUARANTINE + "what_cannot_be_opened_can_only_be_voided"),
    ),
    14: (
        "An envelope of a former key opens; one of an unknown key is quarantined.",
        (RECEIVING + "a_new_key_is_given_out_and_the_old_one_still_opens", QUARANTINED),
    ),
    15: (
        "An envelope of an old app, byte for byte as it was sealed: taken.",
        (FAULTS_OF_THE_SERVER + "a_record_sealed_long_ago_by_an_old_app_is_still_taken",),
    ),
    16: (
        "The storage cannot be opened: the chip says so, the answers stay, nothing is called saved.",
        (
            FAULTS_OF_A_TABLET
            + "a_kept_page_that_cannot_open_the_storage_says_so_and_keeps_the_answers",
        ),
    ),
    17: (
        "The storage is full: the form says so and stays, before and while it is written.",
        (NOT_STORED, PAGES + "a_full_tablet_refuses_new_records"),
    ),
    18: (
        "The transaction is undone after the record was put, or it cannot be read back: not saved.",
        (NOT_STORED,),
    ),
    19: (
        "The browser is killed while it saves: the record is there, or was never called saved.",
        (KILLED_WHILE_SAVING,),
    ),
    20: (
        "The power is cut after *Guardada*: written with strict durability before it is said, and there"
        " after kill -9. No machine of the tests can lose its power, and none may trace system calls:"
        " that the disk itself has it is the browser's word (strict means flushed).",
        (
            FAULTS_OF_A_TABLET + "the_browser_is_asked_for_strict_durability_before_saved_is_shown",
            OUTBOX + "saved_means_strictly_kept_read_back_and_never_written_over",
            KILLED_WHILE_SAVING,
        ),
    ),
    21: (
        "The device drops the storage (emptied through the browser's own tools, as no machine of the"
        " tests runs out of disk): the tablet says it is none, the server shows how many were lost.",
        EMPTIED,
    ),
    22: ("Somebody clears the site's data: the same, and it is enrolled again.", EMPTIED),
    23: (
        "Safari forgets sites that are not installed; it cannot run here. What stands for it: a browser"
        " that lacks a part is refused at enrolment, and a tablet that forgot all is noticed.",
        (
            FAULTS_OF_A_TABLET + "a_browser_that_lacks_what_a_tablet_needs_is_not_enrolled",
            *EMPTIED,
        ),
    ),
    24: ("A new version comes while a form is filled in: it waits, the form stays.", (NEW_WORKER,)),
    25: ("The page of the old version goes on with the new worker.", (NEW_WORKER,)),
    26: ("Newer stores come while a page is open: it gives way, nothing is lost.", (NEWER_STORES,)),
    27: (
        "The step to newer stores fails: what waits is sent or saved as a copy, nothing is added.",
        (FAULTS_OF_A_TABLET + "stores_that_cannot_be_upgraded_still_send_and_take_nothing_new",),
    ),
    28: (
        "A worker that withdraws itself: its caches go, the queue stays and the page sends it.",
        (
            FAULTS_OF_A_TABLET
            + "a_worker_that_withdraws_itself_leaves_the_queue_which_the_page_then_sends",
        ),
    ),
    29: ("An older app over newer stores: it sends and adds nothing.", (NEWER_STORES,)),
    30: (
        "Two pages and the worker send at once: each record goes once, in order.",
        (OUTBOX + "two_pages_and_the_worker_send_each_record_once_and_in_order",),
    ),
    31: (
        "The same draft saved in two pages: the first is taken back, one counts.",
        (FAULTS_OF_A_TABLET + "the_same_draft_saved_in_two_pages_counts_once",),
    ),
    32: (
        "Two taps on save: one record.",
        (FAULTS_OF_A_TABLET + "two_taps_on_save_are_one_record",),
    ),
    33: (
        "The same copy imported twice, or sent by another tablet: one record.",
        (COPIES, REPLAYED),
    ),
    34: (
        "The clock is days or a year wrong: the server's time decides once it is known; before, the day"
        " is a claim that is quarantined.",
        (
            FAULTS_OF_A_TABLET + "once_the_servers_time_is_known_a_wrong_clock_changes_no_day",
            FAULTS_OF_A_TABLET + "before_it_is_known_the_day_is_a_claim_that_the_server_sets_aside",
            PAGES + "an_older_day_or_a_wrong_clock_offers_the_desks_own_day",
        ),
    ),
    35: (
        "The session ends meanwhile: saving and sending go on.",
        (FAULTS_OF_A_TABLET + "a_session_that_ended_meanwhile_stops_neither_saving_nor_sending",),
    ),
    36: (
        "Five wrong PINs without a network: only the password opens it again.",
        (LOCK + "five_wrong_pins_without_the_server_leave_only_the_password",),
    ),
    37: (
        "Somebody signs out over a queue: it stays, and the sign-in page counts it.",
        (LEFT_BEHIND,),
    ),
    38: (
        "Somebody else signs in: the queue is counted, not readable, sent, and keeps its author.",
        (
            LEFT_BEHIND,
            RECEIVING + "a_colleagues_record_keeps_its_author_with_anybody_signed_in",
        ),
    ),
    39: (
        "The author's account was closed: quarantined, named, and recorded by the supervisor.",
        (
            RECEIVING + "a_record_of_an_author_who_left_since_is_quarantined_with_its_author",
            QUARANTINE + "a_record_of_a_closed_account_is_recorded_under_its_name",
        ),
    ),
    40: (
        "The tablet was revoked: turned away, it keeps its queue; a copy of it can be imported.",
        (
            RECEIVING + "only_an_unknown_or_revoked_tablet_is_turned_away",
            OUTBOX + "a_revoked_tablet_sends_nothing_more_and_keeps_what_it_has",
            DEVICES + "a_revoked_tablet_sends_nothing_until_a_new_code_enrols_it",
            COPIES,
        ),
    ),
    41: (
        "The tablet is restored from an old image: all of it are duplicates.",
        (
            FAULTS_OF_A_TABLET + "an_old_image_of_the_storage_sends_only_duplicates",
            KILL + "a_tablet_restored_from_an_old_image_sends_only_duplicates",
            ANY_LINE,
        ),
    ),
    42: (
        "A record for another desk than the tablet's: quarantined, and in the audit log.",
        (
            FAULTS_OF_THE_SERVER
            + "a_record_for_another_desk_is_quarantined_and_stands_in_the_audit_log",
        ),
    ),
    43: (
        "A voiding arrives before its record: held, applied when that comes, shown after five days.",
        (
            RECEIVING + "a_voiding_takes_the_record_back_whichever_arrives_first",
            FAULTS_OF_THE_SERVER
            + "a_voiding_of_a_record_that_is_gone_is_shown_after_five_days_and_changes_no_figure",
        ),
    ),
    44: (
        "A voiding of a record that is gone: no figure changes, the supervisor decides.",
        (
            FAULTS_OF_THE_SERVER
            + "a_voiding_of_a_record_that_is_gone_is_shown_after_five_days_and_changes_no_figure",
        ),
    ),
    45: (
        "A queue over 50 kbit/s, 2 s and lost answers: it drains; 5,000 at full speed in the long rounds.",
        (
            FAULTS_OF_A_TABLET + "a_queue_leaves_over_a_very_slow_line_with_answers_that_are_lost",
            KILLED_WHILE_SAVING,
        ),
    ),
    46: (
        "A referral without the network promises nothing: a call and a notice, no bed, no acceptance.",
        (
            REFERRING + "it_says_whom_to_call_and_nothing_that_may_be_old_or_is_secret",
            REFERRING
            + "a_notice_waits_in_the_queue_and_becomes_a_referral_when_there_is_a_network",
        ),
    ),
}
