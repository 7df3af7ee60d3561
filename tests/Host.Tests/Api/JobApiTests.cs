using System.Text.Json;
using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Host.Api;

namespace Fleet.Host.Tests.Api;

public sealed class JobApiTests
{
    [Fact]
    public async Task A_submitted_job_is_listed_with_the_state_of_its_processes()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        var (status, body) = await api.Run("web.yml", JobFiles.Web);
        Assert.Equal((200, true), (status, Json(body).GetProperty("changed").GetBoolean()));

        var job = Json((await api.Send(HttpMethod.Get, "/v1/jobs")).Body).GetProperty("jobs")[0];
        Assert.Equal("web", job.GetProperty("name").GetString());
        Assert.Equal("running", job.GetProperty("state").GetString());
        Assert.Equal((1, 1), (job.GetProperty("ready").GetInt32(), job.GetProperty("processes").GetInt32()));
    }

    [Fact]
    public async Task A_process_that_no_host_has_spoken_of_is_pending_and_the_job_progressing()
    {
        await using var api = await RunningApi.Start();
        await api.Run("web.yml", JobFiles.Web);
        var job = Json((await api.Send(HttpMethod.Get, "/v1/jobs/default/web")).Body);
        Assert.Equal("progressing", job.GetProperty("state").GetString());
        Assert.Equal("pending", job.GetProperty("processes")[0].GetProperty("phase").GetString());
    }

    [Fact]
    public async Task A_job_beyond_the_baseline_is_denied_with_what_each_process_lacks_and_never_reaches_control()
    {
        await using var api = await RunningApi.Start();
        var (status, body) = await api.Run("web.yml", JobFiles.Privileged);
        var error = Error(body);
        Assert.Equal((403, ErrorCodes.Denied), (status, error.Code));
        Assert.Contains("needs a grant", error.Message, StringComparison.Ordinal);
        var detail = Assert.Single(error.Details);
        Assert.Equal("processes.root", detail.Path);
        Assert.Contains("run_as_root", detail.Message, StringComparison.Ordinal);
        Assert.Contains("capability:NET_ADMIN", detail.Message, StringComparison.Ordinal);
        Assert.Empty(api.Seen);
    }

    [Fact]
    public async Task All_mistakes_of_a_file_come_with_file_line_and_column()
    {
        await using var api = await RunningApi.Start();
        var (status, body) = await api.Run("some/web.yml", JobFiles.TwoMistakes);
        Assert.Equal(400, status);
        Assert.Equal([("some/web.yml", 2), ("some/web.yml", 6)], Error(body).Details.Select(d => (d.File, d.Line ?? 0)));
        Assert.All(Error(body).Details, d => Assert.True(d.Column >= 1));
    }

    [Fact]
    public async Task A_job_that_does_not_exist_is_not_found()
    {
        await using var api = await RunningApi.Start();
        var (status, body) = await api.Send(HttpMethod.Get, "/v1/jobs/default/nothing");
        Assert.Equal((404, ErrorCodes.NotFound), (status, Error(body).Code));
    }

    [Fact]
    public async Task A_stale_check_index_is_a_conflict()
    {
        await using var api = await RunningApi.Start();
        await api.Run("web.yml", JobFiles.Web, index: 0);
        var (status, body) = await api.Run("web.yml", JobFiles.WebChanged, index: 0);
        Assert.Equal((409, ErrorCodes.Conflict), (status, Error(body).Code));
    }

    [Fact]
    public async Task The_caller_is_who_the_kernel_says_and_the_story_is_the_one_the_caller_names()
    {
        await using var api = await RunningApi.Start();
        var story = Guid.CreateVersion7();
        await api.Run("web.yml", JobFiles.Web);
        await api.Send(HttpMethod.Post, "/v1/jobs/default/web/stop", headers: (ApiServer.CorrelationHeader, story.ToString()));
        var cause = Assert.IsType<JobMessage.Stop>(api.Seen[^1]).Cause;
        var uid = Environment.IsPrivilegedProcess ? "uid:0(root)" : "uid:";
        Assert.StartsWith(uid, cause.Principal.Name, StringComparison.Ordinal);
        Assert.Equal("so_peercred", cause.Principal.AuthenticatedBy);
        Assert.Equal($"unix:{Environment.ProcessId}", cause.Origin);
        Assert.Equal(story, cause.CorrelationId);
        Assert.NotEqual(story, cause.CausationId);
    }

    [Fact]
    public async Task A_plan_says_what_would_change_and_changes_nothing()
    {
        await using var api = await RunningApi.Start(Statuses.Running);
        await api.Run("web.yml", JobFiles.Web);
        var seen = api.Seen.Count;
        var request = JsonSerializer.Serialize(new RunRequest("web.yml", JobFiles.WebChanged), ApiJson.Default.RunRequest);
        var plan = JsonSerializer.Deserialize((await api.Send(HttpMethod.Post, "/v1/jobs/plan", request)).Body, ApiJson.Default.PlanReply)!;
        Assert.Equal(("update", 1L, seen), (plan.Change, plan.CheckIndex, api.Seen.Count));
        Assert.Equal([("web", "change", true), ("worker", "add", false)], plan.Processes.Select(p => (p.Name, p.Action, p.Restarts)));
        Assert.Equal(new DiffKey("executable", "/bin/web", "/bin/web2"), Assert.Single(plan.Processes[0].Keys));
        Assert.Equal(["host-1"], plan.Hosts);
    }

    [Fact]
    public async Task Versions_can_be_listed_compared_and_returned_to()
    {
        await using var api = await RunningApi.Start();
        await api.Run("web.yml", JobFiles.Web);
        await api.Run("web.yml", JobFiles.WebChanged);
        var reverted = await api.Send(HttpMethod.Post, "/v1/jobs/default/web/revert", """{"to":1}""");
        Assert.Equal(3, Json(reverted.Body).GetProperty("job").GetProperty("version").GetInt32());

        var history = JsonSerializer.Deserialize((await api.Send(HttpMethod.Get, "/v1/jobs/default/web/history")).Body, ApiJson.Default.JobHistory)!;
        Assert.Equal([(1, null, false), (2, null, false), (3, 1, true)], history.Versions.Select(v => (v.Version, v.RevertOf, v.Current)));

        var diff = JsonSerializer.Deserialize((await api.Send(HttpMethod.Get, "/v1/jobs/default/web/diff?v1=1&v2=2")).Body, ApiJson.Default.DiffReply)!;
        Assert.Contains(new DiffKey("processes.web.executable", "/bin/web", "/bin/web2"), diff.Changes);
        Assert.Contains(new DiffKey("processes.worker.executable", null, "/bin/worker"), diff.Changes);
        Assert.Equal(404, (await api.Send(HttpMethod.Get, "/v1/jobs/default/web/diff?v1=1&v2=9")).Status);
    }

    [Theory]
    [InlineData("stop", "start")]
    [InlineData("start", "stop")]
    public async Task Asked_for_what_is_so_already_nothing_changes(string verb, string before)
    {
        await using var api = await RunningApi.Start();
        await api.Run("web.yml", JobFiles.Web);
        await api.Send(HttpMethod.Post, $"/v1/jobs/default/web/{before}");
        Assert.True(Changed(await api.Send(HttpMethod.Post, $"/v1/jobs/default/web/{verb}")));
        Assert.False(Changed(await api.Send(HttpMethod.Post, $"/v1/jobs/default/web/{verb}")));
    }

    private static bool Changed((int Status, string Body) reply) => Json(reply.Body).GetProperty("changed").GetBoolean();

    private static JsonElement Json(string body) => JsonDocument.Parse(body).RootElement;

    private static ApiError Error(string body) => JsonSerializer.Deserialize(body, ApiJson.Default.ErrorReply)!.Error;
}
