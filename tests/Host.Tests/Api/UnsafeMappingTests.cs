using System.Collections.Immutable;
using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Client.Tests.Grants;
using Fleet.Grants;
using Fleet.Host.Api;
using Fleet.Hosts;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Api;

public sealed class UnsafeMappingTests
{
    private static readonly JobSpec Spec = new(JobId.Parse("net"), [new ProcessSpec { Name = "net", Executable = "/bin/net", Capabilities = ["NET_ADMIN"] }], []);

    [Theory]
    [InlineData(AtEnd.Stop, -0.5, "none: {0} does not cover it: it begins at {1}")]
    [InlineData(AtEnd.Stop, 0, "3d left")]
    [InlineData(AtEnd.Stop, 24.5 * 3600, "47h 30m left")]
    [InlineData(AtEnd.Stop, (71.5 * 3600) + 1, "29m left")]
    [InlineData(AtEnd.Stop, (72 * 3600) - 1, "1s left")]
    [InlineData(AtEnd.Stop, 72 * 3600, "ended, and so does the process")]
    [InlineData(AtEnd.KeepRunning, 72 * 3600, "over, keeps running")]
    public async Task What_is_left_of_a_grant_is_said_rounded_down_and_after_it_what_becomes_of_the_process(AtEnd atEnd, double seconds, string left)
    {
        var document = Document(atEnd);
        var now = document.NotBefore.AddSeconds(seconds);
        var process = await Only(new Grant.Active(Asked(document)), now, running: seconds >= 0 ? document.Id : null);
        Assert.Equal(string.Format(null, left, document.Id, GrantTime.Text(document.NotBefore)), process.Left);
    }

    [Fact]
    public async Task One_that_no_host_has_spoken_of_and_nobody_has_asked_for_is_listed_too()
    {
        var found = Assert.Single(await UnsafeMapping.Of(View([]), [], "host-1", DateTimeOffset.UnixEpoch, _ => throw new InvalidOperationException("there is nothing to look at")));
        Assert.Equal((null, "pending", null, "none: nobody has asked for one", null), (found.Host, found.State, found.Grant, found.Left, found.Kernel));
    }

    [Fact]
    public void What_is_declared_and_what_the_kernel_says_is_in_the_same_words()
    {
        var all = PrivilegeSet.Of(Spec.Id, Spec.Processes[0] with { Unsafe = new Unsafe(true, [], true), Capabilities = [] });
        var kernel = new KernelView(0, 0, CapabilityNames.BpmPrivileged, CapabilityNames.BpmPrivileged, Filtered: false, NoNewPrivileges: false, ["net", "pid", "user"]);
        Assert.Equal(KernelText.Declared(all), KernelText.Of(kernel));
        Assert.Equal(
            "uid 101000, gid 101000; capabilities none; seccomp on; no_new_privs on; of the host none",
            KernelText.Of(new KernelView(101000, 101000, [], [], Filtered: true, NoNewPrivileges: true, [])));
    }

    private static async Task<UnsafeProcess> Only(Grant grant, DateTimeOffset now, GrantId? running)
    {
        var status = Statuses.Running(Spec.Processes[0]) with { Grant = running };
        var view = View([new Observation("host-1", new ProcessId(Spec.Id, "net"), 1, status)]);
        return Assert.Single(await UnsafeMapping.Of(view, [grant], "host-1", now, _ => Task.FromResult<KernelView?>(null)));
    }

    private static JobView View(ImmutableArray<Observation> seen) =>
        new(Spec.Id, 1, true, 0, [new JobVersion(1, JobDigest.Of(Spec), Spec, DateTimeOffset.UnixEpoch, "alice", null)], seen);

    private static GrantDocument Document(AtEnd atEnd)
    {
        var task = Documents.Task();
        return task with
        {
            NotAfter = task.NotBefore.AddDays(3), RootTask = null, Privileges = PrivilegeSet.Of(Spec), PrivilegedJob = new PrivilegedJob(Spec.Id, JobDigest.Of(Spec), atEnd),
        };
    }

    private static Grant.Asked Asked(GrantDocument document) =>
        new(document, Documents.Text(document), new GrantSignature("alice", "SHA256:a", ""), new Quorum(1, true), []);
}
