//go:build cgo

#include "system.h"

static const struct seatrial_member stat_[] = {
	MEMBER(struct stat, st_dev, "Dev"), MEMBER(struct stat, st_ino, "Ino"), MEMBER(struct stat, st_mode, "Mode"),
	MEMBER(struct stat, st_nlink, "Nlink"), MEMBER(struct stat, st_uid, "Uid"), MEMBER(struct stat, st_gid, "Gid"),
	MEMBER(struct stat, st_rdev, "Rdev"), MEMBER(struct stat, st_size, "Size"),
	MEMBER(struct stat, st_blksize, "Blksize"), MEMBER(struct stat, st_blocks, "Blocks"),
	MEMBER(struct stat, st_atim, "Atim"), MEMBER(struct stat, st_mtim, "Mtim"), MEMBER(struct stat, st_ctim, "Ctim"),
};
static const struct seatrial_member statfs_[] = {
	MEMBER(struct statfs, f_type, "Type"), MEMBER(struct statfs, f_bsize, "Bsize"),
	MEMBER(struct statfs, f_blocks, "Blocks"), MEMBER(struct statfs, f_bfree, "Bfree"),
	MEMBER(struct statfs, f_bavail, "Bavail"), MEMBER(struct statfs, f_files, "Files"),
	MEMBER(struct statfs, f_ffree, "Ffree"), MEMBER(struct statfs, f_fsid, "Fsid"),
	MEMBER(struct statfs, f_namelen, "Namelen"), MEMBER(struct statfs, f_frsize, "Frsize"),
	MEMBER(struct statfs, f_flags, "Flags"),
};
static const struct seatrial_member timespec_[] = {
	MEMBER(struct timespec, tv_sec, "Sec"), MEMBER(struct timespec, tv_nsec, "Nsec"),
};
static const struct seatrial_member timeval_[] = {
	MEMBER(struct timeval, tv_sec, "Sec"), MEMBER(struct timeval, tv_usec, "Usec"),
};
static const struct seatrial_member rusage_[] = {
	MEMBER(struct rusage, ru_utime, "Utime"), MEMBER(struct rusage, ru_stime, "Stime"),
	MEMBER(struct rusage, ru_maxrss, "Maxrss"), MEMBER(struct rusage, ru_minflt, "Minflt"),
	MEMBER(struct rusage, ru_majflt, "Majflt"), MEMBER(struct rusage, ru_inblock, "Inblock"),
	MEMBER(struct rusage, ru_oublock, "Oublock"), MEMBER(struct rusage, ru_nvcsw, "Nvcsw"),
	MEMBER(struct rusage, ru_nivcsw, "Nivcsw"),
};
static const struct seatrial_member rlimit_[] = {
	MEMBER(struct rlimit, rlim_cur, "Cur"), MEMBER(struct rlimit, rlim_max, "Max"),
};
static const struct seatrial_member tms_[] = {
	MEMBER(struct tms, tms_utime, "Utime"), MEMBER(struct tms, tms_stime, "Stime"),
	MEMBER(struct tms, tms_cutime, "Cutime"), MEMBER(struct tms, tms_cstime, "Cstime"),
};
static const struct seatrial_member timex_[] = {
	MEMBER(struct timex, modes, "Modes"), MEMBER(struct timex, offset, "Offset"), MEMBER(struct timex, freq, "Freq"),
	MEMBER(struct timex, maxerror, "Maxerror"), MEMBER(struct timex, esterror, "Esterror"),
	MEMBER(struct timex, status, "Status"), MEMBER(struct timex, constant, "Constant"),
	MEMBER(struct timex, precision, "Precision"), MEMBER(struct timex, tolerance, "Tolerance"),
	MEMBER(struct timex, time, "Time"), MEMBER(struct timex, tick, "Tick"), MEMBER(struct timex, tai, "Tai"),
};
static const struct seatrial_member dirent_[] = {
	MEMBER(struct dirent, d_ino, "Ino"), MEMBER(struct dirent, d_off, "Off"),
	MEMBER(struct dirent, d_reclen, "Reclen"), MEMBER(struct dirent, d_type, "Type"),
	MEMBER(struct dirent, d_name, "Name"),
};
static const struct seatrial_member flock_[] = {
	MEMBER(struct flock, l_type, "Type"), MEMBER(struct flock, l_whence, "Whence"),
	MEMBER(struct flock, l_start, "Start"), MEMBER(struct flock, l_len, "Len"), MEMBER(struct flock, l_pid, "Pid"),
};
static const struct seatrial_member utsname_[] = {
	MEMBER(struct utsname, sysname, "Sysname"), MEMBER(struct utsname, nodename, "Nodename"),
	MEMBER(struct utsname, release, "Release"), MEMBER(struct utsname, version, "Version"),
	MEMBER(struct utsname, machine, "Machine"),
};
static const struct seatrial_member sysinfo_[] = {
	MEMBER(struct sysinfo, uptime, "Uptime"), MEMBER(struct sysinfo, loads, "Loads"),
	MEMBER(struct sysinfo, totalram, "Totalram"), MEMBER(struct sysinfo, freeram, "Freeram"),
	MEMBER(struct sysinfo, sharedram, "Sharedram"), MEMBER(struct sysinfo, bufferram, "Bufferram"),
	MEMBER(struct sysinfo, totalswap, "Totalswap"), MEMBER(struct sysinfo, freeswap, "Freeswap"),
	MEMBER(struct sysinfo, procs, "Procs"), MEMBER(struct sysinfo, totalhigh, "Totalhigh"),
	MEMBER(struct sysinfo, freehigh, "Freehigh"), MEMBER(struct sysinfo, mem_unit, "Unit"),
};
static const struct seatrial_member termios_[] = {
	MEMBER(struct termios, c_iflag, "Iflag"), MEMBER(struct termios, c_oflag, "Oflag"),
	MEMBER(struct termios, c_cflag, "Cflag"), MEMBER(struct termios, c_lflag, "Lflag"),
	MEMBER(struct termios, c_line, "Line"), MEMBER(struct termios, c_cc, "Cc"),
};
static const struct seatrial_member epoll_event_[] = {
	MEMBER(struct epoll_event, events, "Events"),
};
static const struct seatrial_member inotify_event_[] = {
	MEMBER(struct inotify_event, wd, "Wd"), MEMBER(struct inotify_event, mask, "Mask"),
	MEMBER(struct inotify_event, cookie, "Cookie"), MEMBER(struct inotify_event, len, "Len"),
};
static const struct seatrial_member iovec_[] = {
	MEMBER(struct iovec, iov_base, "Base"), MEMBER(struct iovec, iov_len, "Len"),
};
static const struct seatrial_member msghdr_[] = {
	MEMBER(struct msghdr, msg_name, "Name"), MEMBER(struct msghdr, msg_namelen, "Namelen"),
	MEMBER(struct msghdr, msg_iov, "Iov"), MEMBER(struct msghdr, msg_iovlen, "Iovlen"),
	MEMBER(struct msghdr, msg_control, "Control"), MEMBER(struct msghdr, msg_controllen, "Controllen"),
	MEMBER(struct msghdr, msg_flags, "Flags"),
};
static const struct seatrial_member cmsghdr_[] = {
	MEMBER(struct cmsghdr, cmsg_len, "Len"), MEMBER(struct cmsghdr, cmsg_level, "Level"),
	MEMBER(struct cmsghdr, cmsg_type, "Type"),
};
static const struct seatrial_member ucred_[] = {
	MEMBER(struct ucred, pid, "Pid"), MEMBER(struct ucred, uid, "Uid"), MEMBER(struct ucred, gid, "Gid"),
};
static const struct seatrial_member linger_[] = {
	MEMBER(struct linger, l_onoff, "Onoff"), MEMBER(struct linger, l_linger, "Linger"),
};
static const struct seatrial_member ip_mreq_[] = {
	MEMBER(struct ip_mreq, imr_multiaddr, "Multiaddr"), MEMBER(struct ip_mreq, imr_interface, "Interface"),
};
static const struct seatrial_member ip_mreqn_[] = {
	MEMBER(struct ip_mreqn, imr_multiaddr, "Multiaddr"), MEMBER(struct ip_mreqn, imr_address, "Address"),
	MEMBER(struct ip_mreqn, imr_ifindex, "Ifindex"),
};
static const struct seatrial_member ipv6_mreq_[] = {
	MEMBER(struct ipv6_mreq, ipv6mr_multiaddr, "Multiaddr"), MEMBER(struct ipv6_mreq, ipv6mr_interface, "Interface"),
};
static const struct seatrial_member in_pktinfo_[] = {
	MEMBER(struct in_pktinfo, ipi_ifindex, "Ifindex"), MEMBER(struct in_pktinfo, ipi_spec_dst, "Spec_dst"),
	MEMBER(struct in_pktinfo, ipi_addr, "Addr"),
};
static const struct seatrial_member in6_pktinfo_[] = {
	MEMBER(struct in6_pktinfo, ipi6_addr, "Addr"), MEMBER(struct in6_pktinfo, ipi6_ifindex, "Ifindex"),
};
static const struct seatrial_member sockaddr_in_[] = {
	MEMBER(struct sockaddr_in, sin_family, "Family"), MEMBER(struct sockaddr_in, sin_port, "Port"),
	MEMBER(struct sockaddr_in, sin_addr, "Addr"),
};
static const struct seatrial_member sockaddr_in6_[] = {
	MEMBER(struct sockaddr_in6, sin6_family, "Family"), MEMBER(struct sockaddr_in6, sin6_port, "Port"),
	MEMBER(struct sockaddr_in6, sin6_flowinfo, "Flowinfo"), MEMBER(struct sockaddr_in6, sin6_addr, "Addr"),
	MEMBER(struct sockaddr_in6, sin6_scope_id, "Scope_id"),
};
static const struct seatrial_member sockaddr_un_[] = {
	MEMBER(struct sockaddr_un, sun_family, "Family"), MEMBER(struct sockaddr_un, sun_path, "Path"),
};
static const struct seatrial_member sockaddr_ll_[] = {
	MEMBER(struct sockaddr_ll, sll_family, "Family"), MEMBER(struct sockaddr_ll, sll_protocol, "Protocol"),
	MEMBER(struct sockaddr_ll, sll_ifindex, "Ifindex"), MEMBER(struct sockaddr_ll, sll_hatype, "Hatype"),
	MEMBER(struct sockaddr_ll, sll_pkttype, "Pkttype"), MEMBER(struct sockaddr_ll, sll_halen, "Halen"),
	MEMBER(struct sockaddr_ll, sll_addr, "Addr"),
};
static const struct seatrial_member sockaddr_nl_[] = {
	MEMBER(struct sockaddr_nl, nl_family, "Family"), MEMBER(struct sockaddr_nl, nl_pad, "Pad"),
	MEMBER(struct sockaddr_nl, nl_pid, "Pid"), MEMBER(struct sockaddr_nl, nl_groups, "Groups"),
};

static const struct seatrial_shape shapes[] = {
	SHAPE("stat", struct stat, stat_),
	SHAPE("statfs", struct statfs, statfs_),
	SHAPE("timespec", struct timespec, timespec_),
	SHAPE("timeval", struct timeval, timeval_),
	SHAPE("rusage", struct rusage, rusage_),
	SHAPE("rlimit", struct rlimit, rlimit_),
	SHAPE("tms", struct tms, tms_),
	SHAPE("timex", struct timex, timex_),
	SHAPE("dirent", struct dirent, dirent_),
	SHAPE("flock", struct flock, flock_),
	SHAPE("utsname", struct utsname, utsname_),
	SHAPE("sysinfo", struct sysinfo, sysinfo_),
	SHAPE("termios", struct termios, termios_),
	SHAPE("epoll_event", struct epoll_event, epoll_event_),
	SHAPE("inotify_event", struct inotify_event, inotify_event_),
	SHAPE("iovec", struct iovec, iovec_),
	SHAPE("msghdr", struct msghdr, msghdr_),
	SHAPE("cmsghdr", struct cmsghdr, cmsghdr_),
	SHAPE("ucred", struct ucred, ucred_),
	SHAPE("linger", struct linger, linger_),
	SHAPE("ip_mreq", struct ip_mreq, ip_mreq_),
	SHAPE("ip_mreqn", struct ip_mreqn, ip_mreqn_),
	SHAPE("ipv6_mreq", struct ipv6_mreq, ipv6_mreq_),
	SHAPE("in_pktinfo", struct in_pktinfo, in_pktinfo_),
	SHAPE("in6_pktinfo", struct in6_pktinfo, in6_pktinfo_),
	SHAPE("sockaddr_in", struct sockaddr_in, sockaddr_in_),
	SHAPE("sockaddr_in6", struct sockaddr_in6, sockaddr_in6_),
	SHAPE("sockaddr_un", struct sockaddr_un, sockaddr_un_),
	SHAPE("sockaddr_ll", struct sockaddr_ll, sockaddr_ll_),
	SHAPE("sockaddr_nl", struct sockaddr_nl, sockaddr_nl_),
};

const struct seatrial_shape *seatrial_system_shape(const char *name) {
	return seatrial_find(shapes, sizeof shapes / sizeof *shapes, name);
}
