"""Create referrals (`create`), perform actions on them (`perform`) and expire overdue ones (`expire`)."""
