/* Refers to NAME, which it does not have. */
extern int NAME(void);
int seatrial_ask(void) { return NAME(); }
int seatrial_present(void) { return 7; }
