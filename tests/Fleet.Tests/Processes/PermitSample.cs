using Fleet.Grants;
using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using Fleet.Tests.Grants;

namespace Fleet.Tests.Processes;

/// <summary>A job of two processes, one beyond the baseline, and a grant for it from noon to one.</summary>
internal static class PermitSample
{
    public const string Why = "its grant is over";

    public static readonly DateTimeOffset Noon = GrantSample.Noon;

    public static readonly ProcessSpec Web = new() { Name = "web", Executable = "/bin/web" };

    public static readonly ProcessSpec Net = new() { Name = "net", Executable = "/bin/net", Capabilities = ["NET_ADMIN"] };

    public static readonly JobSpec Spec = new(JobId.Parse("shop"), [Web, Net], []);

    public static readonly JobGrant Grant = Of(Spec);

    public static JobGrant Of(JobSpec content, string id = "g-0000000000000001", AtEnd atEnd = AtEnd.Stop, Func<GrantDocument, GrantDocument>? change = null)
    {
        var document = GrantSample.ForJob with
        {
            Id = GrantId.Parse(id), Privileges = PrivilegeSet.Of(content), PrivilegedJob = new PrivilegedJob(content.Id, JobDigest.Of(content), atEnd),
        };
        document = change?.Invoke(document) ?? document;
        return new JobGrant(document.Id, GrantSample.Text(document), GrantSample.By("alice"), [GrantSample.By("bob"), GrantSample.By("carol")], content);
    }
}
