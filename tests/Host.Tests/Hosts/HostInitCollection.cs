namespace Fleet.Host.Tests.Hosts;

/// <summary>One at a time: the user database and its files are the machine's, and some tests compare them whole.</summary>
[CollectionDefinition("host init")]
public sealed class HostInitCollection;
