"""BL Lac or FSRQ: the paper's five networks, their peers, and how their votes are combined."""
