using Fleet.Sandboxes;

namespace Fleet.Tests.Sandboxes;

public sealed class SeccompProfileTests
{
    [Theory]
    [InlineData("mount umount2 unshare setns ptrace process_vm_readv bpf perf_event_open keyctl add_key io_uring_setup userfaultfd pivot_root")]
    [InlineData("init_module delete_module kexec_load reboot sethostname clock_settime pidfd_getfd open_by_handle_at quotactl swapon acct iopl")]
    public void What_reaches_beyond_the_sandbox_is_not_allowed(string names) =>
        Assert.Empty(SeccompProfile.Rules.Select(r => r.Syscall).Intersect(names.Split(' ')));

    [Theory]
    [InlineData("rseq membarrier close_range faccessat2 fchmodat2 epoll_pwait2 futex_waitv pidfd_open pidfd_send_signal mbind get_mempolicy")]
    [InlineData("chroot mknod syslog seccomp modify_ldt fanotify_mark sched_setattr read write execve")]
    public void What_programs_of_today_and_of_BPM_call_is_allowed(string names) =>
        Assert.Empty(names.Split(' ').Except(SeccompProfile.Rules.Where(r => r.Errno is null && r.Args.IsEmpty).Select(r => r.Syscall)));

    [Fact]
    public void No_call_has_both_a_rule_for_all_arguments_and_another() =>
        Assert.Empty(SeccompProfile.Rules.GroupBy(r => r.Syscall).Where(g => g.Count() > 1 && g.Any(r => r.Args.IsEmpty)).Select(g => g.Key));

    [Fact]
    public void Clone_may_not_make_namespaces_and_clone3_does_not_exist()
    {
        var clone = Assert.Single(SeccompProfile.Rules, r => r.Syscall == "clone");
        Assert.Equal([new SeccompArg(0, 0x7E020000, 0)], clone.Args.ToArray());
        Assert.Equal(SeccompProfile.Enosys, Assert.Single(SeccompProfile.Rules, r => r.Syscall == "clone3").Errno);
    }

    [Fact]
    public void The_digest_by_which_the_root_helper_finds_the_compiled_filter_is_that_of_the_profile() =>
        Assert.Equal(SeccompProfile.TextDigest, Digest.Of(SeccompProfile.Text).ToString());
}
