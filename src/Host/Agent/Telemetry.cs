using Fleet.Actors.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Fleet.Host.Agent;

/// <summary>Metrics at /metrics for Prometheus; with an endpoint configured, metrics and traces by OTLP as well.</summary>
public static class Telemetry
{
    public static IServiceCollection AddTelemetry(this IServiceCollection services, AgentSettings settings, string version)
    {
        var telemetry = services.AddOpenTelemetry().ConfigureResource(r => r.AddService("fleet", serviceVersion: version, serviceInstanceId: settings.HostName));
        telemetry.WithMetrics(metrics => metrics.AddMeter(FleetMeter.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting").AddPrometheusExporter());
        if (settings.OtlpEndpoint.Length > 0)
        {
            Export(telemetry, new Uri(settings.OtlpEndpoint));
        }

        return services;
    }

    public static void MapMetrics(this WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics");

    // Apart, so that the exporter is loaded only where there is an endpoint.
    private static void Export(OpenTelemetryBuilder telemetry, Uri endpoint) => telemetry
        .WithMetrics(metrics => metrics.AddOtlpExporter(o => o.Endpoint = endpoint))
        .WithTracing(traces => traces.AddSource(FleetMeter.Name, "Microsoft.AspNetCore").AddOtlpExporter(o => o.Endpoint = endpoint));
}
