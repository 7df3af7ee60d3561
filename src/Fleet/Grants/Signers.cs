using System.Collections.Immutable;

namespace Fleet.Grants;

/// <summary>How many people signatures stand for.</summary>
public static class Signers
{
    /// <summary>
    /// Signatures that share a principal or a key, also by way of others, stand for one: neither one who has two keys, nor one key under two names, is two.
    /// </summary>
    public static int Count(ImmutableArray<GrantSignature> signatures)
    {
        var people = new List<HashSet<string>>();
        foreach (var signature in signatures)
        {
            string[] marks = [$"principal {signature.Principal}", $"key {signature.Key}"];
            var same = people.Where(p => p.Overlaps(marks)).ToArray();
            _ = people.RemoveAll(same.Contains);
            people.Add([.. same.SelectMany(p => p), .. marks]);
        }

        return people.Count;
    }
}
