using System.Text.Json;
using System.Text.Json.Serialization;
using Fleet.Client.Api;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Host.Api;

/// <param name="Socket">Absolute path; at most 107 bytes (unix(7)).</param>
/// <param name="Group">Its members may use the API; where the host has no such group, only root and the agent's own user.</param>
public sealed record ApiOptions(string Socket, string Group = "fleet");

/// <summary>The HTTP API over the agent's unix socket.</summary>
public static class ApiServer
{
    /// <summary>A caller's UUID for a whole story of commands; without it, each command is a story of its own.</summary>
    public const string CorrelationHeader = "X-Fleet-Correlation";

    /// <summary>Of a request's body: a job file of 1 MiB fits, however it is escaped.</summary>
    public const long MaxBody = 2 * 1024 * 1024;

    private const int MaxConnections = 512;

    /// <param name="services">For what the composition adds: logging, telemetry.</param>
    /// <param name="endpoints">As well: /metrics.</param>
    public static WebApplication Build(
        FleetApi api, GrantApi grants, ApiOptions options, Action<WebApplicationBuilder>? services = null, Action<WebApplication>? endpoints = null)
    {
        ApiSocket.CheckLength(options.Socket);

        // Empty: the default builders read appsettings.json of whatever folder the agent was started in, and ASPNETCORE_ variables.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "fleet" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Configure(kestrel, options));
        builder.Services.AddRoutingCore().ConfigureHttpJsonOptions(json => Configure(json.SerializerOptions));
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services?.Invoke(builder);

        var app = builder.Build();
        app.UseRouting();
        app.Use(ErrorsAsJson.Invoke);
        var access = new Access((int)Credentials.EffectiveUser(), Accounts.GroupId(options.Group));
        app.UseWhen(http => http.Request.Path.StartsWithSegments("/v1"), v1 => v1.Use((http, next) => Admit(access, http, next)));
        var v1 = app.MapGroup("/v1").WithMetadata(Refusals);
        v1.MapJobs(api);
        v1.MapGrants(grants, api);
        v1.MapHost(api, app.Lifetime);
        app.MapHealth(api);
        app.MapGet("/openapi/v1.json", () => Results.Stream(typeof(ApiServer).Assembly.GetManifestResourceStream("openapi.json")!, "application/json")).ExcludeFromDescription();
        endpoints?.Invoke(app);
        return app;
    }

    /// <summary>Listens. When it returns, the socket is there and only its owner and the group can use it.</summary>
    /// <exception cref="IOException">Another agent has the socket, or something else is in its place.</exception>
    public static async Task Start(WebApplication app, ApiOptions options, CancellationToken cancel = default)
    {
        ApiSocket.Clear(options.Socket);
        await app.StartAsync(cancel);
        ApiSocket.Protect(options.Socket, Accounts.GroupId(options.Group));
    }

    private static object[] Refusals =>
    [
        .. new[] { 400, 403, 404, 409, 503 }.Select(status => new ProducesResponseTypeMetadata(status, typeof(ErrorReply), ["application/json"])),
    ];

    private static void Configure(KestrelServerOptions kestrel, ApiOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = MaxBody;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        kestrel.ListenUnixSocket(options.Socket, listen => listen.Protocols = HttpProtocols.Http1);
    }

    // A context's own options are those of its Default only; here it is one of the resolvers of ASP.NET's options, so they are set again.
    private static void Configure(JsonSerializerOptions json)
    {
        json.TypeInfoResolverChain.Insert(0, ApiJson.Default);
        json.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        json.PropertyNameCaseInsensitive = false;
        json.NumberHandling = JsonNumberHandling.Strict;
        json.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        json.RespectNullableAnnotations = true;
        json.RespectRequiredConstructorParameters = true;
        json.AllowDuplicateProperties = false;
    }

    // Before the endpoint reads anything of what the caller sends.
    private static Task Admit(Access access, HttpContext http, RequestDelegate next)
    {
        http.Features.Set(access.Admit(http));
        return next(http);
    }
}
