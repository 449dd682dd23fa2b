"""A small database of the release before migration 0020, on both kinds, and what that release answered.

It holds the demo programme (seed 7, four months, 300 consultations) and, written through the app, one of each thing
that the demo lacks: accepted, declined and forwarded referrals with their e-mails, a return request, cards, a
correction, a voiding, a tablet with a quarantined and a waiting envelope, a PIN and a wrong one, a failed sign-in.

`stored` loads the database, `answers` asks an app. A page that changes on purpose changes its digest: once the change
is reviewed, `python -m tests.ops.former_release` writes the answers of the present code.
"""
