using System.Collections.Immutable;

namespace Fleet.Grants;

/// <summary>
/// Which people signatures stand for. Those that share a principal or a key, also by way of others, are of one person: neither one who has two keys, nor one
/// key under two names, is two.
/// </summary>
public static class Signers
{
    public static int Count(ImmutableArray<GrantSignature> signatures) => People(signatures).Count;

    /// <summary>Those that are of other people than <paramref name="principal"/>.</summary>
    public static ImmutableArray<GrantSignature> Others(ImmutableArray<GrantSignature> signatures, string principal)
    {
        var same = People(signatures).FirstOrDefault(person => person.Contains(Principal(principal))) ?? [];
        return [.. signatures.Where(s => s.Principal != principal && !same.Overlaps(Marks(s)))];
    }

    /// <summary>Whether it tells nothing new of who has signed. One of the same person with another key does: it may tie that person to the next.</summary>
    public static bool Knows(ImmutableArray<GrantSignature> signatures, GrantSignature one) => People(signatures).Any(person => person.IsSupersetOf(Marks(one)));

    private static List<HashSet<string>> People(ImmutableArray<GrantSignature> signatures)
    {
        var people = new List<HashSet<string>>();
        foreach (var signature in signatures)
        {
            var marks = Marks(signature);
            var same = people.Where(p => p.Overlaps(marks)).ToArray();
            _ = people.RemoveAll(same.Contains);
            people.Add([.. same.SelectMany(p => p), .. marks]);
        }

        return people;
    }

    private static string[] Marks(GrantSignature signature) => [Principal(signature.Principal), $"key {signature.Key}"];

    private static string Principal(string name) => $"principal {name}";
}
