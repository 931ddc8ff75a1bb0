# A shell that reads this before the gate opens would leave a mark.
echo early > /tmp/early
