using Fleet.Client.Cli;
using Fleet.Host.Cli;

return await Entry.Run(args, OnThisHost.Run);
