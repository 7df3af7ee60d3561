namespace Fleet.Client.Api;

public sealed record GrantList(GrantSummary[] Grants);

/// <param name="State">requested, approved, active, denied, lapsed, revoked, expired or used.</param>
/// <param name="Hosts">Names or labels, comma-separated.</param>
/// <param name="What">The command or the job.</param>
/// <param name="Missing">How many people must still approve; 0 where none or where it is over.</param>
/// <param name="Review">not_needed, due or done.</param>
public sealed record GrantSummary(
    string Id, string State, string Requester, string Reason, bool BreakGlass, string Hosts, string What, DateTimeOffset NotBefore, DateTimeOffset NotAfter, int Missing,
    string Review);

/// <param name="Why">Said by who denied or revoked it.</param>
/// <param name="Document">The exact text that is signed; what else is said of the grant, whoever signs reads there.</param>
/// <param name="Needed">How many people must approve it.</param>
/// <param name="RequesterCounts">Whether who asked may be one of them.</param>
public sealed record GrantDetail(
    string Id, string State, string? Why, int Needed, bool RequesterCounts, int Missing, string Review, DateTimeOffset NotBefore, DateTimeOffset NotAfter,
    SignatureInfo Request, SignatureInfo[] Approvals, GrantUseInfo[] Uses, string Document);

/// <param name="Key">The key's fingerprint.</param>
/// <param name="Armored">The signature itself.</param>
public sealed record SignatureInfo(string Principal, string Key, string Armored);

/// <param name="State">begun, ended, refused or lost; a refused one is not spent.</param>
/// <param name="Begun">When the host was asked for it.</param>
/// <param name="Since">When the fleet heard what has become of it.</param>
public sealed record GrantUseInfo(string Host, int Use, string State, DateTimeOffset Begun, DateTimeOffset Since);

/// <param name="Changed">False: it was so already, and nothing was written.</param>
public sealed record GrantChanged(bool Changed, GrantDetail Grant);

/// <param name="Document">As <c>fleet root request</c> writes it, to the byte.</param>
/// <param name="Signature">Over it, in the namespace fleet-request.</param>
public sealed record GrantRequest(string Document, string Signature);

public sealed record SignatureRequest(string Signature);

public sealed record ReasonRequest(string Reason);

/// <summary>What root on the agent's host has decided, for whoever writes a grant. A host decides by its own.</summary>
/// <param name="Threshold">How many people must approve.</param>
/// <param name="BreakGlass">Null: there is none.</param>
public sealed record RootPolicyInfo(
    string Fleet, string Host, SortedDictionary<string, string> Labels, int Threshold, bool RequesterCounts, int LongestTimeoutSeconds, int LongestWindowSeconds,
    BreakGlassInfo? BreakGlass, SignerInfo[] Signers);

public sealed record BreakGlassInfo(bool RequesterCounts, int LongestWindowSeconds);

/// <param name="Principal">The name of who holds the key.</param>
/// <param name="Key">The key's fingerprint.</param>
public sealed record SignerInfo(string Principal, string Key);

/// <param name="Anyway">Ask the host also where the fleet counts too few approvals: it decides, and what it says is recorded.</param>
public sealed record RunGrantRequest(bool Anyway);

/// <param name="Signature">
/// In the namespace fleet-revoke, over the RootRevocation of this reason: the host itself is told, and never lets it be used again. Null: the fleet alone is.
/// </param>
public sealed record RevokeRequest(string Reason, string? Signature = null);

/// <summary>What a host says while it runs a root task; the last line is ended, refused or lost.</summary>
/// <param name="Type">started, stdout, stderr, ended, refused or lost.</param>
/// <param name="Data">Of stdout and stderr: the very bytes, in base64.</param>
/// <param name="Code">Of refused: why, in one word.</param>
/// <param name="Message">Of refused and lost: for people.</param>
/// <param name="ExitCode">Of ended: as a shell tells it.</param>
/// <param name="How">Of ended: exited, timeout, output_limit, cancelled or revoked.</param>
/// <param name="Elsewhere">Of started: the other hosts that the grant names; this use is none of theirs. Null: there are none, or it names labels.</param>
public sealed record RootRunLine(
    string Host, int Use, string Type, string? Data = null, string? Code = null, string? Message = null, int? ExitCode = null, string? How = null, string[]? Elsewhere = null);
