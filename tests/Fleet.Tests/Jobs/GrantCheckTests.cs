using System.Collections.Immutable;
using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Tests.Grants;

namespace Fleet.Tests.Jobs;

public sealed class GrantCheckTests
{
    private static readonly DateTimeOffset Noon = GrantSample.Noon;
    private static readonly ProcessSpec Net = Sample.Process with { Name = "net", Capabilities = ["NET_ADMIN"] };
    private static readonly JobSpec Spec = Sample.Job(Sample.Process, Net, Sample.Process with { Name = "sees", Unsafe = new Unsafe(false, [], HostPidNamespace: true) });
    private static readonly GrantDocument Document = For(Spec);

    [Fact]
    public void A_job_of_the_baseline_needs_no_grant() => Assert.IsType<JobCover.Baseline>(Cover(Sample.Job(Sample.Process)));

    [Fact]
    public void Without_a_grant_each_process_lacks_what_it_asks_for()
    {
        var missing = Assert.IsType<JobCover.Missing>(Cover(Spec));
        Assert.Equal([("net", "capability:NET_ADMIN"), ("sees", "host_pid_namespace")], missing.Processes.Select(m => (m.Process, m.Privileges.ToString())));
        Assert.Null(missing.Nearest);
    }

    [Fact]
    public void An_active_grant_for_its_content_its_set_and_the_host_lets_it_run() =>
        Assert.Equal(Document, Assert.IsType<JobCover.Granted>(Cover(Spec, Active(Document))).By);

    [Fact]
    public void More_than_it_asks_for_and_labels_cover_it_too()
    {
        var labels = ImmutableSortedDictionary.CreateRange(StringComparer.Ordinal, [KeyValuePair.Create("role", "web")]);
        var wide = Document with { Privileges = Document.Privileges.Union(new PrivilegeSet([new Privilege.NoSeccomp()])), Hosts = new HostSelector([], labels) };
        Assert.IsType<JobCover.Granted>(Cover(Spec, Active(wide)));
    }

    public static TheoryData<string, object> NotCovering => new()
    {
        { $"the content changed since: the grant is for {Digest.Of("before")}, this is {JobDigest.Of(Spec)}", Active(With(j => j with { Content = Digest.Of("before") })) },
        { "it lacks capability:NET_ADMIN", Active(Document with { Privileges = new PrivilegeSet([new Privilege.HostPidNamespace()]) }) },
        { "it is for web-2, not for web-1", Active(Document with { Hosts = HostSelector.Of("web-2") }) },
        { "it begins at 2026-11-26T12:30:00Z", Active(Document with { NotBefore = Noon.AddMinutes(30) }) },
        { "it is over since 2026-11-26T12:00:00Z", Active(Document with { NotBefore = Noon.AddHours(-1), NotAfter = Noon }) },
        { "it is over since 2026-11-26T13:00:00Z", Ended(Document, GrantEnd.Expired) },
        { "it is over since 2026-11-26T13:00:00Z", Ended(Document, GrantEnd.Lapsed) },
        { "it was revoked: done", Ended(Document, GrantEnd.Revoked) },
        { "it was denied: done", Ended(Document, GrantEnd.Denied) },
        { $"2 more must approve it: fleet root approve {Document.Id}", new Grant.Requested(Asked(Document)) },
    };

    [Theory]
    [MemberData(nameof(NotCovering))]
    public void A_grant_that_does_not_cover_it_says_why(string why, object grant) =>
        Assert.Equal(why, Assert.Single(Assert.IsType<JobCover.Missing>(Cover(Spec, (Grant)grant)).Nearest!.Why));

    [Fact]
    public void All_reasons_are_told_at_once_and_a_grant_of_another_job_is_none()
    {
        var wrong = Ended(With(j => j with { Content = Digest.Of("before") }) with { Hosts = HostSelector.Of("web-2"), Privileges = new PrivilegeSet([new Privilege.NoSeccomp()]) }, GrantEnd.Revoked);
        Assert.Equal(4, Assert.IsType<JobCover.Missing>(Cover(Spec, wrong)).Nearest!.Why.Length);
        Assert.Null(Assert.IsType<JobCover.Missing>(Cover(Spec, Active(With(j => j with { Job = JobId.Parse("other") })))).Nearest);
    }

    [Fact]
    public void The_nearest_is_for_this_content_and_lacks_least()
    {
        var (old, half, requested) = (GrantId.Parse("g-0000000000000001"), GrantId.Parse("g-0000000000000002"), GrantId.Parse("g-0000000000000003"));
        Grant[] grants =
        [
            Active(With(j => j with { Content = Digest.Of("before") }) with { Id = old }),
            Ended(Document with { Id = half, Hosts = HostSelector.Of("web-2") }, GrantEnd.Revoked),
            new Grant.Requested(Asked(Document with { Id = requested })),
        ];
        Assert.Equal(requested, Assert.IsType<JobCover.Missing>(Cover(Spec, grants)).Nearest!.Grant);
        Assert.Equal(half, Assert.IsType<JobCover.Missing>(Cover(Spec, grants[..2])).Nearest!.Grant);
        Assert.Equal(Document, Assert.IsType<JobCover.Granted>(Cover(Spec, [.. grants, Active(Document)])).By);
    }

    [Fact]
    public void A_refusal_says_what_each_process_lacks_what_is_nearest_and_how_to_ask()
    {
        var refusal = GrantCheck.Check(Spec.Id, Cover(Spec, Ended(Document, GrantEnd.Revoked)), "web-1")!;
        Assert.Equal(RefusalCode.Denied, refusal.Code);
        Assert.Contains("2 processes ask for more than the baseline", refusal.Message, StringComparison.Ordinal);
        Assert.EndsWith("or ask for one: fleet root request --job FILE --on web-1 --reason TEXT", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(
            [("processes.net", "needs a grant: capability:NET_ADMIN"), ("processes.sees", "needs a grant: host_pid_namespace"), ($"grants.{Document.Id}", "does not cover it: it was revoked: done")],
            refusal.Details.Select(d => (d.Path, d.Message)));
        Assert.Null(GrantCheck.Check(Spec.Id, Cover(Spec, Active(Document)), "web-1"));
        Assert.Null(GrantCheck.Check(Spec.Id, new JobCover.Baseline(), "web-1"));
    }

    private static JobCover Cover(JobSpec spec, params Grant[] grants) => GrantCheck.Cover(spec, grants, "web-1", Noon);

    private static GrantDocument For(JobSpec spec) => GrantSample.ForJob with
    {
        Privileges = PrivilegeSet.Of(spec), PrivilegedJob = new PrivilegedJob(spec.Id, JobDigest.Of(spec), AtEnd.Stop),
    };

    private static GrantDocument With(Func<PrivilegedJob, PrivilegedJob> change) => Document with { PrivilegedJob = change(Document.PrivilegedJob!) };

    private static Grant.Asked Asked(GrantDocument document) => new(document, GrantSample.Text(document), GrantSample.By("alice"), GrantSample.Two, []);

    private static Grant.Active Active(GrantDocument document) => new(Asked(document));

    private static Grant.Ended Ended(GrantDocument document, GrantEnd how) => new(Asked(document), how, "done", Review.NotNeeded);
}
