using System.Reflection;
using System.Text.RegularExpressions;
using Fleet.Ledger;

namespace Fleet.Architecture;

/// <summary>Stored names are a storage format: what was ever written must be read for ever.</summary>
public sealed partial class StoredNameTests
{
    private static readonly Type[] Events =
        [.. typeof(FleetEvent).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(FleetEvent)) && !t.IsAbstract)];

    [Fact]
    public void Every_event_has_a_stored_name_beside_its_type() => Assert.DoesNotContain(Events, e => NameOf(e) is null);

    [Fact]
    public void No_two_events_share_a_stored_name() => Assert.Equal(Events.Length, Events.Select(NameOf).Distinct().Count());

    [Fact]
    public void Every_event_is_in_the_catalog() =>
        Assert.Equal(Events.Select(NameOf).Order(StringComparer.Ordinal), EventCatalog.StoredNames.Order(StringComparer.Ordinal));

    [Fact]
    public void A_stored_name_is_noun_verb_and_version() => Assert.All(Events, e => Assert.Matches(Form(), NameOf(e)));

    [Fact]
    public void A_stored_name_begins_with_the_noun_of_its_hierarchy()
    {
        var strangers = Events.Where(e => NameOf(e)!.Split('.')[0] + "Event" is var noun && !noun.Equals(e.DeclaringType!.Name, StringComparison.OrdinalIgnoreCase));

        Assert.Empty(strangers);
    }

    [Fact]
    public void The_committed_list_and_the_code_name_the_same_events_so_none_is_removed_unseen()
    {
        var committed = File.ReadAllLines(Repository.At("tests/Architecture/stored-names.txt"));

        Assert.Equal(committed, EventCatalog.StoredNames.Order(StringComparer.Ordinal));
    }

    private static string? NameOf(Type type) => type.GetCustomAttribute<StoredNameAttribute>()?.Name;

    [GeneratedRegex("^[a-z]+\\.[a-z]+(_[a-z]+)*\\.v[1-9][0-9]*$")]
    private static partial Regex Form();
}
