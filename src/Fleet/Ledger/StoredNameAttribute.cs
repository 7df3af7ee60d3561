namespace Fleet.Ledger;

/// <summary>
/// The name under which an event is stored, such as <c>process.started.v1</c>: a storage format, read forever and never edited.
/// A change of the event's members is a new record with the next version; see docs/checklists.md.
/// </summary>
[AttributeUsage(AttributeTargets.Class, Inherited = false)]
public sealed class StoredNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;
}
