using Fleet.Actors.Telemetry;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Exporter;
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
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddMeter(FleetMeter.Name, "System.Runtime", "Microsoft.AspNetCore.Hosting").AddPrometheusExporter();
            if (settings.OtlpEndpoint.Length > 0)
            {
                metrics.AddOtlpExporter(o => To(settings, o));
            }
        });
        if (settings.OtlpEndpoint.Length > 0)
        {
            telemetry.WithTracing(traces => traces.AddSource(FleetMeter.Name, "Microsoft.AspNetCore").AddOtlpExporter(o => To(settings, o)));
        }

        return services;
    }

    public static void MapMetrics(this WebApplication app) => app.MapPrometheusScrapingEndpoint("/metrics");

    private static void To(AgentSettings settings, OtlpExporterOptions options) => options.Endpoint = new Uri(settings.OtlpEndpoint);
}
