using Fleet.Actors.Jobs;
using Fleet.Client.Api;
using Fleet.Jobs;
using Fleet.Ledger;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace Fleet.Host.Api;

internal static class JobEndpoints
{
    private const int MostLines = 1_000_000;

    public static void MapJobs(this RouteGroupBuilder v1, FleetApi api)
    {
        v1.MapGet("/jobs", Task<JobList> () => api.List()).WithSummary("All jobs");
        v1.MapPost("/jobs", Task<JobChanged> (RunRequest body, HttpContext http) => api.Run(body, api.Cause(http)))
            .WithSummary("Submit a job file: a new version, or nothing where its content is the current one");
        v1.MapPost("/jobs/plan", Task<PlanReply> (RunRequest body) => api.Plan(body)).WithSummary("What submitting it would change; changes nothing");
        v1.MapGet("/unsafe", Task<UnsafeList> () => api.Unsafe()).WithSummary("Every process that asks for more than the baseline");

        var job = v1.MapGroup("/jobs/{ns}/{name}");
        job.MapGet("", Task<JobDetail> (string ns, string name) => api.Get(Id(ns, name))).WithSummary("One job and its processes");
        job.MapGet("/history", Task<JobHistory> (string ns, string name) => api.History(Id(ns, name))).WithSummary("All its versions, the first first");
        job.MapGet("/diff", Task<DiffReply> (string ns, string name, int v1, int v2) => api.Diff(Id(ns, name), v1, v2))
            .WithSummary("What differs between two versions, key by key");
        job.MapGet(
            "/logs",
            async Task<IResult> (string ns, string name, string? process, int? lines, bool? follow, bool? stderr, HttpContext http) =>
            {
                var logs = await api.Logs(Id(ns, name), process, stderr ?? false);
                var items = logs.Read(Math.Clamp(lines ?? 100, 0, MostLines), follow ?? false, http.RequestAborted);
                return new NdJson<LogLine>(items, ApiJson.Default.LogLine);
            }).Produces<LogLine>(contentType: "application/x-ndjson").WithSummary("Its logs, one line of them per line of JSON");
        job.MapChange("/stop", "Stop its processes", api, (id, cause) => new JobMessage.Stop(id, cause));
        job.MapChange("/start", "Start its processes", api, (id, cause) => new JobMessage.Start(id, cause));
        job.MapChange("/restart", "Stop and start its processes", api, (id, cause) => new JobMessage.Restart(id, cause));
        job.MapPost("/revert", Task<JobChanged> (string ns, string name, RevertRequest body, HttpContext http) =>
                api.Change(new JobMessage.Revert(Id(ns, name), body.To, api.Cause(http))))
            .WithSummary("A new version with the content of an earlier one");
    }

    public static Cause Cause(this FleetApi api, HttpContext http) =>
        api.CauseOf(http.Features.Get<Caller>()!, Correlation(http), http.Features.Get<IHttpActivityFeature>()?.Activity.Context ?? default);

    private static void MapChange(this RouteGroupBuilder job, string path, string summary, FleetApi api, Func<JobId, Cause, JobMessage> message) =>
        job.MapPost(path, Task<JobChanged> (string ns, string name, HttpContext http) => api.Change(message(Id(ns, name), api.Cause(http))))
            .WithSummary(summary);

    private static JobId Id(string ns, string name) =>
        JobId.TryParse($"{ns}/{name}", out var id) ? id : throw new RefusedException(RefusalCode.Invalid, $"'{ns}/{name}' is not a job: {JobId.PartRule}");

    private static Guid? Correlation(HttpContext http) => (string?)http.Request.Headers[ApiServer.CorrelationHeader] switch
    {
        null => null,
        var text when Guid.TryParse(text, out var id) => id,
        var text => throw new RefusedException(RefusalCode.Invalid, $"{ApiServer.CorrelationHeader} is a UUID, not '{text}'"),
    };
}
