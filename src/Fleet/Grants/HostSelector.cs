using System.Collections.Immutable;

namespace Fleet.Grants;

/// <summary>Which hosts: those named, or those that have all the labels. One of the two is empty; that both are selects no host.</summary>
public sealed record HostSelector(ImmutableArray<string> Names, ImmutableSortedDictionary<string, string> Labels)
{
    public static HostSelector Of(params ReadOnlySpan<string> names) => new([.. names], ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal));

    /// <param name="name">The host's own name for itself; never one that a request brought along.</param>
    public bool Selects(string name, IReadOnlyDictionary<string, string> labels) => (Names.IsEmpty, Labels.IsEmpty) switch
    {
        (false, true) => Names.Contains(name),
        (true, false) => Labels.All(wanted => labels.TryGetValue(wanted.Key, out var has) && has == wanted.Value),
        _ => false,
    };

    public bool Equals(HostSelector? other) => other is not null && Names.SequenceEqual(other.Names) && Labels.SequenceEqual(other.Labels);

    public override int GetHashCode() => HashCode.Combine(Names.Length, Labels.Count);

    public override string ToString() => Names.IsEmpty ? string.Join(',', Labels.Select(l => $"{l.Key}={l.Value}")) : string.Join(',', Names);
}
