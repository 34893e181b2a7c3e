from local.emulator.cloudwatch.service_metrics import queue_counts


def test_should_count_messages_by_what_they_wait_for() -> None:
    now = 1000.0
    messages = [
        {"sent_at": 900.0, "visible_at": 900.0, "receive_count": 0},
        {"sent_at": 800.0, "visible_at": 1030.0, "receive_count": 1},
        {"sent_at": 990.0, "visible_at": 1020.0, "receive_count": 0},
    ]
    assert queue_counts({"messages": messages}, now) == {
        "ApproximateNumberOfMessagesVisible": 1,
        "ApproximateNumberOfMessagesDelayed": 1,
        "ApproximateNumberOfMessagesNotVisible": 1,
        "ApproximateAgeOfOldestMessage": 200.0,
    }


def test_should_count_nothing_in_an_empty_queue() -> None:
    assert set(queue_counts({"messages": []}, 0.0).values()) == {0.0}
