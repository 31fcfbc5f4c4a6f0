"""The certificate of the conformance suite: in a terminal, as JSON, as HTML; and the comparison of two."""
