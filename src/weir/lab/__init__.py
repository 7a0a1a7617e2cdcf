"""A small VPC made of network namespaces, with rules on the host side and real traffic, for the demo and the tests.

``topology`` builds it, ``rules`` are what its host drops, ``traffic`` sends, ``truth`` says what senders, TCP, nftables
and the devices counted, ``compare`` puts flow records beside that. It knows nothing of Weir's server or agent, so what
it counts is independent of them.
"""
