using System.Reflection;
using Fleet.Actors.Jobs;

namespace Fleet.Architecture;

/// <summary>
/// A hierarchy is closed by a private constructor and by all children being nested and sealed; the constructor alone does not do it,
/// because a record's copy constructor is protected.
/// </summary>
public sealed class HierarchyTests
{
    private static readonly Type[] Types = [.. new[] { typeof(Digest), typeof(JobMessage) }.SelectMany(t => t.Assembly.GetTypes())];

    [Fact]
    public void There_are_closed_hierarchies_to_check() => Assert.True(Closed.Count() >= 8, $"only {Closed.Count()} found");

    [Fact]
    public void Every_child_of_a_closed_hierarchy_is_nested_in_it_and_sealed()
    {
        var open =
            from parent in Closed
            from child in Types
            where child.IsSubclassOf(parent) && (child.DeclaringType != parent || !child.IsSealed)
            select $"{child} of {parent}";

        Assert.Empty(open);
    }

    [Fact]
    public void Every_abstract_record_with_nested_children_has_a_private_constructor()
    {
        var open =
            from parent in Types
            where parent.IsAbstract && !parent.IsInterface && IsRecord(parent) && !Closed.Contains(parent)
            where parent.GetNestedTypes().Any(n => n.IsSubclassOf(parent)) && parent.GetConstructors().Length == 0
            where Parameterless(parent) is { IsPrivate: false }
            select parent.ToString();

        Assert.Empty(open);
    }

    private static IEnumerable<Type> Closed => Types.Where(t => t.IsAbstract && IsRecord(t) && Parameterless(t) is { IsPrivate: true });

    private static ConstructorInfo? Parameterless(Type type) => type.GetConstructor(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public, []);

    private static bool IsRecord(Type type) => type.GetMethod("<Clone>$") is not null;
}
