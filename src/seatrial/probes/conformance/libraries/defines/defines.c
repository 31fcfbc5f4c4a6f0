/* Defines NAME, which libraries made from ../asks refer to. */
int NAME(void) { return VALUE; }
