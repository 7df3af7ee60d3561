using Fleet.Client.Cli;
using Fleet.Host.Cli;

return HostProgram.Refusal() is { } error ? Entry.Refuse(args, error) : await Entry.Run(args, OnThisHost.Run);
