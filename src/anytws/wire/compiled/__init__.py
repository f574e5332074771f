"""Readers and writers as source, written for one message and compiled: several times faster than the closures.

The closures of `anytws.wire.text` and `anytws.wire.protobuf` say what a message means. What is made here is a bet on
top of them: it does what is usual, and gives up on everything else, by whatever exception comes first. Then the
closures do it, and theirs is the answer. So nothing here has to explain an error, or to be complete; what it must never
do is to take what the closures refuse, or to read or write it differently.

The page "The quick readers and writers" of the documentation says where the time goes, which file does what about it,
and how the two are held against each other.
"""
