"""A second implementation of the link between Loket's boards and the counter's computer.

It was written from `protocol/PROTOCOL.md` and `protocol/vectors/` alone and shares nothing with the Rust one, so it
shows that the document suffices, and serves as an example to whoever writes a peer in another language. Python 3.11
and its standard library are all it needs. References such as "section 4" are to that document.

    frame      delimiters, byte stuffing, checksum                            section 2
    codec      types of fields, structures, enumerations                      section 7
    messages   the tables of messages and of the link's own payloads          sections 2, 9
    timeout    when something counts as lost                                  section 4
    control    numbered messages, in order and once                           section 4
    requests   requests and answers, carried out once                         section 4
    bulk       objects                                                        section 5
    session    who talks to whom; puts all of the above together              section 3
    board      plays a capture board
    host       plays the counter's computer
    journal    unanswered requests on disk
    log        what happened
    wire       moves bytes between a file descriptor and a session
    lockstep   the same in a test's own time
    vectors    checks the golden vectors and the document's example

Everything but `wire` and `__main__` is free of input and output: bytes and the time (milliseconds, from any origin)
go in, bytes come out.
"""
