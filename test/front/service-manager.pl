# Plays a service manager for one service: service-manager.pl API_SOCKET NOTIFY_SOCKET PROGRAM [ARGUMENT...]
# Listens, starts the program with that socket, starts it again when it ends, and prints what it is told. SIGTERM ends both.
use strict;
use warnings;
use POSIX ();
use Socket;

my ($api, $notify, @command) = @ARGV;
$| = 1;
$^F = 9;    # the first descriptors stay open across exec
socket(my $listener, PF_UNIX, SOCK_STREAM, 0) or die "socket: $!";
bind($listener, sockaddr_un($api)) or die "bind: $!";
listen($listener, 128) or die "listen: $!";
chmod 0600, $api;
socket(my $datagrams, PF_UNIX, SOCK_DGRAM, 0) or die "socket: $!";
bind($datagrams, sockaddr_un($notify)) or die "bind: $!";

my $ending = 0;
my $pid = start();
$SIG{TERM} = sub { $ending = 1; kill 'TERM', $pid; };
$SIG{CHLD} = sub {
    while ((my $ended = waitpid(-1, POSIX::WNOHANG())) > 0) {
        print "ended ", $? >> 8, " ", $? & 127, "\n";
        exit 0 if $ending;
        $pid = start();
    }
};
while (1) {
    my $from = recv($datagrams, my $message, 4096, 0);
    print "notified $message\n" if defined $from;
}

sub start {
    my $child = fork();
    return $child if $child;
    POSIX::dup2(fileno($listener), 3);
    POSIX::close($_) for 4 .. 9;
    $ENV{LISTEN_PID} = $$;
    $ENV{LISTEN_FDS} = 1;
    $ENV{LISTEN_FDNAMES} = 'tug';
    $ENV{NOTIFY_SOCKET} = $notify;
    print "started $$\n";
    exec @command or die "exec: $!";
}
