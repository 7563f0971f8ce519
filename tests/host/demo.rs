//! `defuse demo --once`: the stories that it plays, and that it plays all of them.
