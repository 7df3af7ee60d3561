namespace Fleet.Client.Api;

// Every answer is one object, also where it is a list: a member can be added without breaking who reads it.
public sealed record JobList(JobSummary[] Jobs);

/// <param name="Versions">The first first.</param>
public sealed record JobHistory(string Job, JobVersionInfo[] Versions);

public sealed record UnsafeList(UnsafeProcess[] Processes);

/// <param name="Name">As people write it: <c>name</c> or <c>namespace/name</c>.</param>
/// <param name="State">running, stopped, progressing, degraded or failed; see <see cref="JobState"/>.</param>
/// <param name="Ready">Processes of the current version that run.</param>
public sealed record JobSummary(
    string Name, int Version, long Generation, string State, int Ready, int Processes, string Digest, DateTimeOffset ChangedAt, string ChangedBy);

/// <param name="Desired">running or stopped.</param>
/// <param name="Generation">The index for <c>--check-index</c>.</param>
/// <param name="Grant">Null: it asks for no more than the baseline.</param>
public sealed record JobDetail(
    string Name, string Desired, string State, int Version, long Generation, string Digest, DateTimeOffset ChangedAt, string ChangedBy,
    JobProcess[] Processes, JobGrantInfo? Grant = null);

/// <summary>The grant of a job that asks for more than the baseline.</summary>
/// <param name="Id">That covers it; null: none does.</param>
/// <param name="Until">When that ends.</param>
/// <param name="Nearest">Where none covers it: the one that lacks least; null: nobody has asked for any.</param>
/// <param name="Why">Each reason why that does not.</param>
public sealed record JobGrantInfo(string? Id, DateTimeOffset? Until, string? Nearest, string[] Why);

/// <param name="Phase">That of the process in snake_case; <c>pending</c> where no host has spoken of it.</param>
/// <param name="Version">That it runs, or ran last; null while pending.</param>
/// <param name="Current">It follows the job's newest generation, and its version is the current one.</param>
/// <param name="Checked">It has a health check.</param>
/// <param name="Pid">Of PID 1 of its sandbox as the host sees it.</param>
/// <param name="Wanted">Part of the job's current version; else it is one that is going away.</param>
/// <param name="Grant">By which what runs was started; null: it has no more than the baseline.</param>
/// <param name="Difference">What the kernel says of it that is not as declared; null: nothing.</param>
public sealed record JobProcess(
    string Name, string? Host, string Phase, int? Version, bool Current, bool Wanted, bool Checked, string Health, DateTimeOffset? Since, int? Pid, string? Run,
    int Restarts, ExitInfo? LastExit, string? Detail, string? Grant = null, string? Difference = null);

/// <param name="Code">0 to 255; 128 and the signal's number where a signal ended it.</param>
public sealed record ExitInfo(int Code, int? Signal, bool OomKilled, DateTimeOffset At);

/// <param name="Changed">False: it was so already, and nothing was written.</param>
public sealed record JobChanged(bool Changed, JobDetail Job);

/// <param name="RevertOf">The version whose content this one has again.</param>
public sealed record JobVersionInfo(int Version, string Digest, DateTimeOffset At, string By, int? RevertOf, int Processes, bool Current);

public sealed record DiffReply(string Job, int From, int To, DiffKey[] Changes);

/// <param name="Before">Null: not set.</param>
/// <param name="After">Null: not set.</param>
public sealed record DiffKey(string Path, string? Before, string? After);

/// <param name="Content">The file's text, as written.</param>
/// <param name="Name">The job's name, for files that give none.</param>
/// <param name="Set">Values put in place of the file's, by dotted path.</param>
/// <param name="CheckIndex">Refused if the job's generation is another; 0: the job must not exist.</param>
public sealed record RunRequest(string FileName, string Content, string? Name = null, Dictionary<string, string>? Set = null, long? CheckIndex = null);

/// <param name="To">Null: the version before the current one.</param>
public sealed record RevertRequest(int? To = null);

/// <param name="Change">none, create, update or start.</param>
/// <param name="CheckIndex">To be given to <c>job run --check-index</c>.</param>
/// <param name="Missing">What no grant covers; with any, the job cannot be run.</param>
/// <param name="Grant">Null: it asks for no more than the baseline.</param>
public sealed record PlanReply(
    string Job, string Change, long CheckIndex, string? CurrentDigest, string Digest, string[] Hosts, PlanProcess[] Processes, DiffKey[] Files,
    MissingGrant[] Missing, JobGrantInfo? Grant = null);

/// <param name="Action">keep, add, change or remove.</param>
public sealed record PlanProcess(string Name, string Action, bool Restarts, DiffKey[] Keys);

public sealed record MissingGrant(string Process, string[] Privileges);

/// <param name="Stream">stdout or stderr.</param>
/// <param name="Text">Without its end of line; bytes that are no UTF-8 stand as U+FFFD.</param>
public sealed record LogLine(string Process, string Stream, string Text);

/// <param name="Host">Null: no host has spoken of it.</param>
/// <param name="State">Its phase, as <see cref="JobProcess"/> has it.</param>
/// <param name="Grant">The grant that covers it, or by which what runs was started; null: there is none.</param>
/// <param name="Until">When that ends, or did.</param>
/// <param name="Left">What is left of it, for people.</param>
/// <param name="Declared">What it may do by what it asks for.</param>
/// <param name="Kernel">The same as the kernel has it; null: nothing of it runs, or nobody here can tell.</param>
/// <param name="Difference">In what the two differ, as its host found; null: in nothing.</param>
public sealed record UnsafeProcess(
    string Job, string Process, int Version, string? Host, string State, AskedInfo[] Privileges, string? Grant, DateTimeOffset? Until, string Left, string Declared,
    string? Kernel, string? Difference);

/// <param name="Why">The key of the job file that asks for it.</param>
public sealed record AskedInfo(string Privilege, string Why);
