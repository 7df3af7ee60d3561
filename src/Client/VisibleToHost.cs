using System.Runtime.CompilerServices;

// The host's own program answers the same commands, and is the other end of the same API.
[assembly: InternalsVisibleTo("fleet-host")]
[assembly: InternalsVisibleTo("Client.Tests")]
[assembly: InternalsVisibleTo("Host.Tests")]
