using Fleet.Bench.Journal;

// events: events per second that the agent's own journal takes, and how long one alone takes. recovery: how much later the actors of 500 processes and
// 100,000 events are ready, without the kernel. fill LEDGER HOST EVENTS: makes a stopped agent's ledger that long.
return args switch
{
    ["events"] => await Throughput.Run(),
    ["recovery"] => await Recovery.Run(),
    ["fill", var ledger, var host, var events] => await Filler.Run(ledger, host, long.Parse(events)),
    _ => throw new ArgumentException("events, recovery, or fill LEDGER HOST EVENTS"),
};
