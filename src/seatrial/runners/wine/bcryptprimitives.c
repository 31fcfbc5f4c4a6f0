/* wine before 9.0 has no bcryptprimitives.dll, from which every Go program for Windows takes its random numbers. */

__declspec(dllimport) unsigned char __stdcall SystemFunction036(void *buffer, unsigned long length);

__declspec(dllexport) int __stdcall ProcessPrng(void *buffer, unsigned long long length)
{
	return SystemFunction036(buffer, (unsigned long)length);
}

int __stdcall DllMainCRTStartup(void *instance, unsigned long reason, void *reserved)
{
	return 1;
}
