using System.Collections.Immutable;
using System.Text;
using System.Text.Json.Serialization;
using Fleet.Jobs;

namespace Fleet.Grants;

/// <summary>A grant of a privileged job as a host is given it: all that its root helper asks for, and nothing that it must believe.</summary>
/// <param name="Text">The exact bytes that are signed; they are ASCII.</param>
/// <param name="By">Of who asked for it.</param>
/// <param name="Content">What the signed digest stands for.</param>
public sealed record JobGrant(GrantId Id, string Text, GrantSignature By, ImmutableArray<GrantSignature> Approvals, JobSpec Content)
{
    private GrantDocument? document;

    [JsonIgnore]
    public GrantDocument Document => document ??= GrantFormat.Decode(Encoding.ASCII.GetBytes(Text));

    /// <summary>A document's bytes say all that it does.</summary>
    public bool Equals(JobGrant? other) => other is not null && Id == other.Id && Text == other.Text && By == other.By && Approvals.SequenceEqual(other.Approvals);

    public override int GetHashCode() => Id.GetHashCode();
}
