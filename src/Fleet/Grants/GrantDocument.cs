using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Grants;

/// <summary>
/// What people sign: what may be done, where, when, by whose wish and why. Every member stands in the signed bytes, for a default that a later version
/// reads otherwise would change what was approved. <see cref="GrantFormat"/> reads and writes it, <see cref="GrantRules"/> has its rules.
/// </summary>
/// <param name="FleetGrant">The format's number, <see cref="GrantFormat.Version"/>.</param>
/// <param name="Fleet">The fleet's name: a grant of one fleet is nothing in another.</param>
/// <param name="Requester">A principal of <c>allowed_signers</c>, who signed the request.</param>
/// <param name="NotBefore">UTC, whole seconds; the window includes it.</param>
/// <param name="NotAfter">UTC, whole seconds; the window ends before it.</param>
/// <param name="RootTask">Null: it is for a job.</param>
/// <param name="PrivilegedJob">Null: it is for a root task.</param>
public sealed record GrantDocument(
    int FleetGrant,
    GrantId Id,
    string Fleet,
    string Requester,
    string Reason,
    bool BreakGlass,
    HostSelector Hosts,
    [property: JsonConverter(typeof(GrantTime))] DateTimeOffset NotBefore,
    [property: JsonConverter(typeof(GrantTime))] DateTimeOffset NotAfter,
    PrivilegeSet Privileges,
    RootTask? RootTask,
    PrivilegedJob? PrivilegedJob);

/// <summary>A short-lived root child: run as given, nothing looked up by name.</summary>
/// <param name="Argv">The program by its absolute path, and its arguments.</param>
/// <param name="Program">The digest that the program must have; null: whatever root keeps at that path.</param>
/// <param name="Env">The whole environment: nothing is inherited.</param>
/// <param name="UsesPerHost">How often each host runs it, from 1.</param>
/// <param name="TimeoutSeconds">After it the whole tree is killed.</param>
/// <param name="OutputLimit">Bytes of stdout and stderr together; a child that says more is killed.</param>
/// <param name="Record">Whether its output is kept as a recording.</param>
public sealed record RootTask(
    ImmutableArray<string> Argv,
    Digest? Program,
    ImmutableSortedDictionary<string, string> Env,
    string Workdir,
    int Uid,
    int Gid,
    ImmutableArray<int> Groups,
    int UsesPerHost,
    int TimeoutSeconds,
    long OutputLimit,
    bool Record);

/// <summary>A job that may run with more than the baseline, as long as its content is this.</summary>
public sealed record PrivilegedJob(JobId Job, Digest Content, AtEnd AtEnd);

/// <summary>What becomes of a privileged job's processes when the grant ends.</summary>
[JsonConverter(typeof(SnakeCaseEnum<AtEnd>))]
public enum AtEnd
{
    Stop,

    /// <summary>They go on, and are not started again.</summary>
    KeepRunning,
}
