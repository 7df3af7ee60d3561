using Fleet.Client.Api;
using Fleet.Client.Cli;
using Fleet.Host.Audit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;

namespace Fleet.Host.Api;

internal static class HostEndpoints
{
    public static void MapHost(this RouteGroupBuilder v1, FleetApi api, IHostApplicationLifetime lifetime)
    {
        v1.MapGet("/version", VersionInfo () => new VersionInfo(ProductVersion.Text, ProductVersion.Runtime, ProductVersion.Os))
            .WithSummary("Of the agent that answers");
        v1.MapGet("/host", Task<HostInfo> () => api.Host()).WithSummary("The host and its agent");
        v1.MapGet("/host/processes", Task<HostProcessList> () => api.HostProcesses()).WithSummary("What runs there, with its sandbox, privileges, CPU and memory");
        v1.MapGet(
            "/audit",
            IResult (string? host, string? principal, string? job, string? kind, DateTimeOffset? since, DateTimeOffset? until, bool? follow, HttpContext http) =>
                new NdJson<AuditLine>(
                    api.Audit(new AuditQuery(host, principal, job, kind, since, until), follow ?? false, http.RequestAborted), ApiJson.Default.AuditLine)).Produces<AuditLine>(contentType: "application/x-ndjson").WithSummary("The record, the oldest event first");
        v1.MapPost("/agent/shutdown", ShutdownReply () =>
        {
            lifetime.StopApplication();
            return new ShutdownReply("stopping");
        }).WithSummary("Stop the agent; its jobs go on");
    }

    public static void MapHealth(this IEndpointRouteBuilder app, FleetApi api) =>
        app.MapGet("/health", async Task<IResult> () =>
        {
            var ready = await api.Ready();
            var status = ready.Status == "ready" ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            return Results.Json(ready, ApiJson.Default.ReadyInfo, statusCode: status);
        }).Produces<ReadyInfo>().Produces<ReadyInfo>(503).WithSummary("Whether the agent is ready");
}
