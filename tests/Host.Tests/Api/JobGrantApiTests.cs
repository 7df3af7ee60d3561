using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Client.Jobs;
using Fleet.Client.Tests.Grants;
using Fleet.Grants;
using Fleet.Host.Tests.Grants;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Host.Tests.Api;

/// <summary>Jobs beyond the baseline, from the grant that covers them to the one that no longer does.</summary>
public sealed class JobGrantApiTests : IAsyncLifetime
{
    private const string File = JobFiles.Privileged;

    private RunningApi api = null!;
    private string alice = "", bob = "", carol = "";

    public async Task InitializeAsync()
    {
        api = await RunningApi.Start(Statuses.Running);
        api.People.WritePolicy();
        (alice, bob, carol) = (await api.People.Join("alice"), await api.People.Join("bob"), await api.People.Join("carol"));
    }

    public async Task DisposeAsync() => await api.DisposeAsync();

    [Fact]
    public async Task Without_a_grant_it_is_refused_with_how_to_ask_and_with_one_it_is_taken_again_and_again()
    {
        var refused = Error(await api.Run("web.yml", File));
        Assert.Equal(ErrorCodes.Denied, refused.Code);
        Assert.EndsWith("fleet root request --job FILE --on host-1 --reason TEXT", refused.Message, StringComparison.Ordinal);

        var grant = await Granted(Document(File));
        Assert.True(Changed(await api.Run("web.yml", File)).Changed);
        var again = Changed(await api.Run("web.yml", File));
        Assert.Equal((false, grant.Id.Text, grant.NotAfter), (again.Changed, again.Job.Grant!.Id, again.Job.Grant.Until!.Value));
    }

    [Fact]
    public async Task One_that_is_only_asked_for_does_not_cover_it()
    {
        var document = Document(File);
        await Request(document);
        var refused = Error(await api.Run("web.yml", File));
        var nearest = Assert.Single(refused.Details, d => d.Path == $"grants.{document.Id}");
        Assert.Equal($"does not cover it: 2 more must approve it: fleet root approve {document.Id}", nearest.Message);
    }

    [Fact]
    public async Task Another_content_voids_the_grant_and_the_version_that_runs_goes_on()
    {
        var grant = await Granted(Document(File));
        await api.Run("web.yml", File);
        var changed = File.Replace("/bin/root", "/bin/evil", StringComparison.Ordinal);
        var refused = Error(await api.Run("web.yml", changed));
        Assert.Contains(refused.Details, d => d.Path == $"grants.{grant.Id}" && d.Message.Contains($"the content changed since: the grant is for {grant.PrivilegedJob!.Content}, this is sha256:", StringComparison.Ordinal));
        Assert.Equal(1, (await Status()).Version);
        var plan = Read(await Plan(changed));
        Assert.Equal((grant.Id.Text, "root"), (plan.Grant!.Nearest, Assert.Single(plan.Missing).Process));
        Assert.Equal((grant.Id.Text, 0), (Read(await Plan(File)).Grant!.Id, Read(await Plan(File)).Missing.Length));
    }

    [Theory]
    [InlineData("start", true)]
    [InlineData("restart", false)]
    public async Task What_would_not_come_to_run_is_refused_before_it_ends_what_does(string verb, bool stopped)
    {
        var grant = await Granted(Document(File));
        await api.Run("web.yml", File);
        if (stopped)
        {
            await api.Send(HttpMethod.Post, "/v1/jobs/default/web/stop");
        }

        Assert.Equal(200, (await api.Send(HttpMethod.Post, $"/v1/jobs/default/web/{verb}")).Status);
        if (stopped)
        {
            await api.Send(HttpMethod.Post, "/v1/jobs/default/web/stop");
        }

        await api.Send(HttpMethod.Post, $"/v1/grants/{grant.Id}/revoke", """{"reason":"enough"}""");
        var refused = Error(await api.Send(HttpMethod.Post, $"/v1/jobs/default/web/{verb}"));
        Assert.Contains(refused.Details, d => d.Message == "does not cover it: it was revoked: enough");
        Assert.Equal(["it was revoked: enough"], (await Status()).Grant!.Why);
    }

    [Fact]
    public async Task A_version_is_returned_to_only_where_a_grant_covers_it_now()
    {
        var grant = await Granted(Document(File));
        await api.Run("web.yml", File);
        await api.Run("web.yml", JobFiles.Web);
        Assert.Null((await Status()).Grant);
        await api.Send(HttpMethod.Post, $"/v1/grants/{grant.Id}/revoke", """{"reason":"enough"}""");
        Assert.Equal(ErrorCodes.Denied, Error(await api.Send(HttpMethod.Post, "/v1/jobs/default/web/revert", "{}")).Code);
        Assert.Equal(2, (await Status()).Version);
        await Granted(Document(File));
        Assert.Equal(3, Changed(await api.Send(HttpMethod.Post, "/v1/jobs/default/web/revert", "{}")).Job.Version);
    }

    [Fact]
    public async Task A_grant_for_a_job_is_not_run_as_a_task()
    {
        var grant = await Granted(Document(File));
        var refused = await api.Send(HttpMethod.Post, $"/v1/grants/{grant.Id}/run", """{"anyway":true}""");
        Assert.Contains("submit it: fleet job run FILE", refused.Body, StringComparison.Ordinal);
    }

    internal static GrantDocument Document(string file)
    {
        var spec = JobFileReader.Read("web.yml", System.Text.Encoding.UTF8.GetBytes(file), new JobFileOptions()).Submission!.Spec;
        return Documents.Task() with { RootTask = null, Privileges = PrivilegeSet.Of(spec), PrivilegedJob = new PrivilegedJob(spec.Id, JobDigest.Of(spec), AtEnd.Stop) };
    }

    private async Task<GrantDocument> Granted(GrantDocument document)
    {
        await Request(document);
        foreach (var key in new[] { bob, carol })
        {
            var signature = new SignatureRequest(await People.Sign(key, SignatureNamespaces.Grant, Documents.Text(document)));
            Assert.Equal(200, (await api.Send(HttpMethod.Post, $"/v1/grants/{document.Id}/approve", JsonSerializer.Serialize(signature, ApiJson.Default.SignatureRequest))).Status);
        }

        return document;
    }

    private async Task Request(GrantDocument document)
    {
        var text = Documents.Text(document);
        var request = new GrantRequest(text, await People.Sign(alice, SignatureNamespaces.Request, text));
        var asked = await api.Send(HttpMethod.Post, "/v1/grants", JsonSerializer.Serialize(request, ApiJson.Default.GrantRequest));
        Assert.True(asked.Status == 200, asked.Body);
    }

    private async Task<JobDetail> Status() => JsonSerializer.Deserialize((await api.Send(HttpMethod.Get, "/v1/jobs/default/web")).Body, ApiJson.Default.JobDetail)!;

    private Task<(int Status, string Body)> Plan(string file) =>
        api.Send(HttpMethod.Post, "/v1/jobs/plan", JsonSerializer.Serialize(new RunRequest("web.yml", file), ApiJson.Default.RunRequest));

    private static PlanReply Read((int Status, string Body) reply) => JsonSerializer.Deserialize(reply.Body, ApiJson.Default.PlanReply)!;

    private static JobChanged Changed((int Status, string Body) reply) => JsonSerializer.Deserialize(reply.Body, ApiJson.Default.JobChanged)!;

    private static ApiError Error((int Status, string Body) reply) => JsonSerializer.Deserialize(reply.Body, ApiJson.Default.ErrorReply)!.Error;
}
