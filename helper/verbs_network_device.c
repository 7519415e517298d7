/* Network devices of the caller that move into a container. */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include "netlink.h"

/* Attributes of an address that it keeps; its label is the old name, and the rest is for the kernel to say. */
enum {
	KEPT_ATTRIBUTES = 1 << IFA_ADDRESS | 1 << IFA_LOCAL | 1 << IFA_BROADCAST | 1 << IFA_CACHEINFO | 1 << IFA_FLAGS | 1 << IFA_RT_PRIORITY
			  | 1 << IFA_PROTO,
	KEPT_FLAGS = IFA_F_NODAD | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN,
};

/* Messages one behind another. Whoever makes one knows that there is room. */
struct messages {
	uint8_t *data;
	size_t size;
};

/* A device's place: a network namespace, a netlink socket in it, name and number there. */
struct place {
	int namespace, socket, index;
	const char *name;
};

static void put_padded(struct messages *to, const void *data, size_t size)
{
	memset(to->data + to->size, 0, NLMSG_ALIGN(size));
	memcpy(to->data + to->size, data, size);
	to->size += NLMSG_ALIGN(size);
}

static void put_attribute(struct messages *to, uint16_t type, const void *value, size_t size)
{
	struct nlattr head = { .nla_len = (uint16_t)(NLA_HDRLEN + size), .nla_type = type };
	put_padded(to, &head, sizeof head);
	put_padded(to, value, size);
}

/* Returns where the message begins, for end_message. */
static size_t begin_message(struct messages *to, uint16_t type, uint16_t flags, const void *fixed, size_t size)
{
	size_t begin = to->size;
	struct nlmsghdr head = { .nlmsg_type = type, .nlmsg_flags = NLM_F_REQUEST | flags };
	put_padded(to, &head, sizeof head);
	put_padded(to, fixed, size);
	return begin;
}

static void end_message(struct messages *to, size_t begin)
{
	uint32_t size = (uint32_t)(to->size - begin);
	memcpy(to->data + begin, &size, sizeof size);
}

static size_t begin_link(struct messages *to, uint16_t type, uint16_t flags, const struct ifinfomsg *link)
{
	return begin_message(to, type, flags, link, sizeof *link);
}

/* Forgets what was answered before. 0 or an errno. */
static int ask(int socket, const struct messages *messages, struct replies *replies)
{
	*replies = (struct replies){ .data = replies->data };
	return netlink_ask(socket, messages->data, messages->size, replies);
}

/* Number and flags of the link of a name, or of the number that it has already where there is no name. 0 or an errno. */
static int find_link(int socket, const char *name, struct ifinfomsg *link, struct replies *replies)
{
	uint8_t room[64];
	struct messages question = { room, 0 };
	if (name && strlen(name) >= IFNAMSIZ)
		return ENAMETOOLONG;
	size_t begin = begin_link(&question, RTM_GETLINK, NLM_F_ACK, link);
	if (name)
		put_attribute(&question, IFLA_IFNAME, name, strlen(name) + 1);
	end_message(&question, begin);
	int error = ask(socket, &question, replies);
	if (!error && replies->size < NLMSG_HDRLEN + sizeof *link)
		return EPROTO;
	if (!error)
		memcpy(link, replies->data + NLMSG_HDRLEN, sizeof *link);
	return error;
}

/* The message at an offset with its fixed part; its size, 0 at the end. */
static size_t message_at(const struct replies *replies, size_t at, uint16_t type, void *fixed, size_t size)
{
	struct nlmsghdr head;
	if (at + sizeof head > replies->size)
		return 0;
	memcpy(&head, replies->data + at, sizeof head);
	memset(fixed, 0, size);
	if (head.nlmsg_type == type && head.nlmsg_len >= sizeof head + size)
		memcpy(fixed, replies->data + at + sizeof head, size);
	return NLMSG_ALIGN(head.nlmsg_len);
}

static int list_all(int socket, uint16_t type, struct replies *replies)
{
	uint8_t room[64];
	struct messages question = { room, 0 };
	struct ifinfomsg any = { .ifi_family = AF_UNSPEC };
	end_message(&question, begin_link(&question, type, NLM_F_DUMP, &any));
	return ask(socket, &question, replies);
}

/* A device keeps its number where nobody has it; else it gets one that is free. 0 or an errno. */
static int choose_index(struct place *to, struct replies *replies)
{
	struct ifinfomsg link = { .ifi_index = to->index };
	int error = find_link(to->socket, NULL, &link, replies);
	if (error)
		return error == ENODEV ? 0 : error;
	error = list_all(to->socket, RTM_GETLINK, replies);
	for (size_t at = 0, size; !error && (size = message_at(replies, at, RTM_NEWLINK, &link, sizeof link)); at += size)
		if (link.ifi_index >= to->index)
			to->index = link.ifi_index + 1;
	return error;
}

/* Number and name change together with the namespace, so that they meet no other device's. 0 or an errno. */
static int move_link(const struct place *from, const struct place *to, struct replies *replies)
{
	uint8_t room[128];
	struct messages order = { room, 0 };
	struct ifinfomsg link = { .ifi_index = from->index };
	size_t begin = begin_link(&order, RTM_NEWLINK, NLM_F_ACK, &link);
	put_attribute(&order, IFLA_IFNAME, to->name, strlen(to->name) + 1);
	put_attribute(&order, IFLA_NET_NS_FD, &to->namespace, sizeof to->namespace);
	if (to->index != from->index)
		put_attribute(&order, IFLA_NEW_IFINDEX, &to->index, sizeof to->index);
	end_message(&order, begin);
	return ask(from->socket, &order, replies);
}

/* An address for another device: only one that somebody gave it for good and that is valid everywhere. */
static void copy_address(struct messages *to, const uint8_t *message, size_t size, int index)
{
	struct ifaddrmsg address;
	memcpy(&address, message + NLMSG_HDRLEN, sizeof address);
	if (!(address.ifa_flags & IFA_F_PERMANENT) || address.ifa_scope != RT_SCOPE_UNIVERSE)
		return;
	address.ifa_flags = 0;
	address.ifa_index = (uint32_t)index;
	size_t begin = begin_message(to, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &address, sizeof address);
	for (size_t at = NLMSG_HDRLEN + sizeof address; at + NLA_HDRLEN <= size;) {
		struct nlattr head;
		uint32_t flags;
		memcpy(&head, message + at, sizeof head);
		if (head.nla_len < NLA_HDRLEN || head.nla_len > size - at)
			break;
		size_t length = head.nla_len - (size_t)NLA_HDRLEN;
		const uint8_t *value = message + at + NLA_HDRLEN;
		if (head.nla_type == IFA_FLAGS && length == sizeof flags) {
			flags = get32(value) & KEPT_FLAGS;
			put_attribute(to, IFA_FLAGS, &flags, sizeof flags);
		} else if (head.nla_type < 31 && KEPT_ATTRIBUTES & 1 << head.nla_type)
			put_attribute(to, head.nla_type, value, length);
		at += NLMSG_ALIGN(head.nla_len);
	}
	end_message(to, begin);
}

/* Gives a device the addresses that it had under another number, and switches it on. 0 or an errno. */
static int settle(const struct place *place, const struct replies *addresses, int had, struct replies *replies)
{
	struct ifaddrmsg address;
	struct ifinfomsg link = { .ifi_index = place->index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	owned_memory uint8_t *room = malloc(addresses->size + 64);
	struct messages orders = { room, 0 };
	if (!room)
		return ENOMEM;
	for (size_t at = 0, size; (size = message_at(addresses, at, RTM_NEWADDR, &address, sizeof address)); at += size)
		if (address.ifa_index == (uint32_t)had)
			copy_address(&orders, addresses->data + at, size, place->index);
	end_message(&orders, begin_link(&orders, RTM_NEWLINK, NLM_F_ACK, &link));
	return ask(place->socket, &orders, replies);
}

/* What cannot be a device of the container goes back to where it was, if it went at all. */
static void give_back(const struct place *near, const struct place *far, const struct replies *addresses)
{
	struct replies replies = { .data = malloc(1) };
	if (move_link(far, near, &replies) == 0)
		settle(near, addresses, near->index, &replies);
	free(replies.data);
}

static bool is_same(int namespace, int other)
{
	struct stat a, b;
	return fstat(namespace, &a) == 0 && fstat(other, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* What can be known before the device leaves the caller's namespace. 0 or an errno. */
static int check_move(struct place *near, struct place *far, struct replies *replies)
{
	struct ifinfomsg link = { .ifi_index = 0 }, taken = { .ifi_index = 0 };
	if (is_same(near->namespace, far->namespace))
		return EALREADY;
	int error = find_link(near->socket, near->name, &link, replies);
	if (error)
		return error;
	near->index = far->index = link.ifi_index;
	error = find_link(far->socket, far->name, &taken, replies);
	if (error != ENODEV)
		return error ? error : EEXIST;
	replies->words[0] = '\0';
	return choose_index(far, replies);
}

int verb_network_device(struct run *run, const struct op_network_device *op)
{
	struct ifinfomsg link = { .ifi_index = 0 };
	struct replies replies = { .data = malloc(1) };
	owned int fd = netlink_socket(run, OWN_NETWORK, NETLINK_ROUTE);
	int error = fd < 0 ? errno : find_link(fd, op->name, &link, &replies);
	free(replies.data);
	return error ? fail(run, error, "netlink", replies.words) : 0;
}

int verb_move_device(struct run *run, const struct op_move_device *op)
{
	struct replies addresses = { .data = malloc(1) }, replies = { .data = malloc(1) };
	owned int own = network_namespace(run, 0), inner = network_namespace(run, run->init);
	owned int own_socket = own < 0 || inner < 0 ? -1 : netlink_socket(run, OWN_NETWORK, NETLINK_ROUTE);
	owned int inner_socket = own_socket < 0 ? -1 : netlink_socket(run, inner, NETLINK_ROUTE);
	struct place near = { own, own_socket, 0, op->name }, far = { inner, inner_socket, 0, op->target };
	int error = inner_socket < 0 ? errno : check_move(&near, &far, &replies);
	/* Before it moves, because then it is switched off and the kernel forgets them. */
	if (!error)
		error = list_all(near.socket, RTM_GETADDR, &addresses);
	if (!error) {
		error = move_link(&near, &far, &replies);
		if (!error)
			error = settle(&far, &addresses, near.index, &replies);
		if (error)
			give_back(&near, &far, &addresses);
	}
	free(addresses.data);
	free(replies.data);
	return error ? fail(run, error, "netlink", replies.words) : 0;
}
