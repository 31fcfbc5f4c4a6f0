#include "modes.h"
#include "planted.h"
#include <fenv.h>
#include <math.h>

int seatrial_round(int upward)
{
#ifdef FE_UPWARD
	if (!upward && seatrial_planted("floats-c-mode-left"))
		return 0;
	if (upward && seatrial_planted("floats-c-mode-ignored"))
		return 0;
	return fesetround(upward ? FE_UPWARD : FE_TONEAREST) == 0 ? 0 : -1;
#else
	return upward ? -1 : 0;
#endif
}

static volatile double one = 1, three = 3, ten = 10, tiny = 0x1p-60;

void seatrial_thirds(double *out)
{
	out[0] = one / three;
	out[1] = one / ten;
	out[2] = one + tiny;
}

double seatrial_compute(int rounds, volatile int32_t *begun)
{
	double a = one, b = three, c = ten, d = tiny, e = 5, f = 6, g = 7, h = 8;
	int spoiled = seatrial_planted("floats-c-registers-spoiled");
	if (seatrial_round(1) != 0)
		return 0;
	*begun = 1;
	for (int i = 0; i < rounds; i++) {
		a = a * 0.75 + b / 3;
		b = b * 0.5 + c / 7;
		c = c * 0.25 + d + 1;
		d = d * 0.125 + e / 9;
		e = e * 0.75 + f / 11;
		f = f * 0.5 + g / 13;
		g = g * 0.25 + h / 17;
		h = h * 0.125 + a / 19;
		if (spoiled && *begun > 1) /* a signal came meanwhile: the goroutine counts them here */
			e = 0, spoiled = 0;
	}
	seatrial_round(0);
	return a + b + c + d + e + f + g + h;
}

static double whole_math(int function, double x, double y, double z)
{
	switch (function) {
	case 0: return sqrt(x);
	case 1: return fma(x, y, z);
	case 2: return floor(x);
	case 3: return ceil(x);
	case 4: return trunc(x);
	case 5: return rint(x);
	case 6: return fmod(x, y);
	case 7: return ldexp(x, (int)y % 64);
	case 8: return copysign(x, y);
	case 9: return nextafter(x, y);
	}
	return 0;
}

double seatrial_math(int function, double x, double y, double z)
{
	double result = whole_math(function, x, y, z);
	return seatrial_planted("floats-c-library-off") && result > 1 ? nextafter(result, 0) : result;
}

static double denormal(double x)
{
	return seatrial_planted("floats-c-flush-to-zero") && fabs(x) < 0x1p-1022 ? 0 : x;
}

void seatrial_denormals(double *out)
{
	volatile double normal = 0x1p-1022, smallest = 0x1p-1074, half = 0.5, huge = 0x1p1000;
	out[0] = denormal(normal * half);
	out[1] = denormal(smallest + smallest);
	out[2] = denormal(smallest) * huge;
}

static int raised(void)
{
	int flags = fetestexcept(FE_ALL_EXCEPT);
	if (seatrial_planted("floats-c-flags-lost"))
		return 0;
	return (flags & FE_INVALID ? 1 : 0) | (flags & FE_DIVBYZERO ? 2 : 0) | (flags & FE_OVERFLOW ? 4 : 0) |
	       (flags & FE_INEXACT ? 8 : 0);
}

void seatrial_flags(int *four)
{
#if defined(FE_INVALID) && defined(FE_DIVBYZERO) && defined(FE_OVERFLOW) && defined(FE_INEXACT)
	volatile double zero = 0, huge = 0x1.fffffffffffffp1023, out;
	feclearexcept(FE_ALL_EXCEPT);
	out = one / zero;
	four[0] = raised();
	feclearexcept(FE_ALL_EXCEPT);
	out = huge * ten;
	four[1] = raised();
	feclearexcept(FE_ALL_EXCEPT);
	out = zero / zero;
	four[2] = raised();
	feclearexcept(FE_ALL_EXCEPT);
	out = one / three;
	four[3] = raised();
	feclearexcept(FE_ALL_EXCEPT);
	(void)out;
#else
	four[0] = four[1] = four[2] = four[3] = -1;
#endif
}
