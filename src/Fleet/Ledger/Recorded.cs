using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Fleet.Ledger;

/// <summary>An event with its envelope: the unit that is persisted, sealed and shown. The fields answer PCI DSS 10.2 and NIST AU-3 without a join.</summary>
public sealed record Recorded(Envelope Envelope, FleetEvent Event);

/// <summary>Who, when, where, why and what led to it.</summary>
public sealed record Envelope
{
    /// <summary>UUIDv7.</summary>
    public required Guid Id { get; init; }

    /// <summary>The stored name of the event.</summary>
    public required string Name { get; init; }

    /// <summary>The persistence id of the actor that decided it.</summary>
    public required string Stream { get; init; }

    /// <summary>From 1, dense in its stream.</summary>
    public required long Sequence { get; init; }

    /// <summary>The clock of who observed it.</summary>
    public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>The clock of who wrote it down.</summary>
    public required DateTimeOffset RecordedAt { get; init; }

    public required Principal Principal { get; init; }

    /// <summary>For whom the principal acted; null: for itself.</summary>
    public string? OnBehalfOf { get; init; }

    public required string Host { get; init; }

    /// <summary>What it is about: a job, a process, a host.</summary>
    public required string Subject { get; init; }

    public string? Reason { get; init; }

    public required Outcome Outcome { get; init; }

    /// <summary>Address or socket that it came from; <c>local</c> for what an agent observed itself.</summary>
    public required string Origin { get; init; }

    public int PolicyVersion { get; init; }

    /// <summary>The whole story: the command that started it.</summary>
    public required Guid CorrelationId { get; init; }

    /// <summary>The event or command that led to it.</summary>
    public required Guid CausationId { get; init; }
}

/// <param name="Name">Such as <c>uid:1000(alice)</c> or <c>agent:host-1</c>.</param>
/// <param name="AuthenticatedBy">How it is known: <c>so_peercred</c>, <c>agent</c>.</param>
public sealed record Principal(string Name, string AuthenticatedBy)
{
    public static Principal Agent(string host) => new($"agent:{host}", "agent");
}

[JsonConverter(typeof(SnakeCaseEnum<Outcome>))]
public enum Outcome
{
    Succeeded,
    Failed,
    Refused,
}

/// <summary>What a command brings along, from which the envelopes of its events are made.</summary>
/// <param name="At">When it was observed or asked.</param>
/// <param name="Trace">The span that it was asked in; it is in no event. Default: none.</param>
public sealed record Cause(
    Guid CorrelationId, Guid CausationId, Principal Principal, string Origin, DateTimeOffset At, string? Reason = null, ActivityContext Trace = default);
