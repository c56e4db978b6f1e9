// Dependent loads: a list of 50,000 nodes in a scattered order is walked n times.
typedef struct Node {
    struct Node *next;
    int value;
} Node;

enum { NODES = 50000 };

static Node nodes[NODES];

int run(int n) {
    // 7919 and the number of nodes have no common factor, so every node is reached.
    int at = 0;
    for (int i = 0; i < NODES; i++) {
        int next = (at + 7919) % NODES;
        nodes[at].next = i == NODES - 1 ? 0 : &nodes[next];
        nodes[at].value = i;
        at = next;
    }
    int sum = 0;
    for (int i = 0; i < n; i++)
        for (Node *node = nodes; node; node = node->next) sum = sum * 3 + node->value;
    return sum;
}
