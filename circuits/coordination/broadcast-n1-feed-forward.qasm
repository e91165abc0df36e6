OPENQASM 3.0;
include "stdgates.inc";
input float[64] basis_bob_0_0;
input float[64] basis_bob_0_1;
input float[64] basis_bob_1_0;
input float[64] basis_bob_1_1;
input float[64] basis_charlie_0_0;
input float[64] basis_charlie_0_1;
input float[64] basis_charlie_1_0;
input float[64] basis_charlie_1_1;
bit[1] m1_0;
bit[1] out_bob_0;
bit[1] out_charlie_0;
bit[1] m1_1;
bit[1] out_bob_1;
bit[1] out_charlie_1;
qubit[1] draw;
qubit[1] bob_q;
qubit[1] charlie_q;
ry(0.7953988301841436) draw[0];
m1_0[0] = measure draw[0];
if (m1_0 == 1) {
  ry(pi/2) bob_q[0];
}
if (m1_0 == 1) {
  ry(pi/3) charlie_q[0];
}
barrier draw[0], bob_q[0], charlie_q[0];
rz(basis_bob_0_0) bob_q[0];
ry(basis_bob_1_0) bob_q[0];
rz(basis_charlie_0_0) charlie_q[0];
ry(basis_charlie_1_0) charlie_q[0];
out_bob_0[0] = measure bob_q[0];
out_charlie_0[0] = measure charlie_q[0];
barrier draw[0], bob_q[0], charlie_q[0];
reset draw[0];
reset bob_q[0];
reset charlie_q[0];
ry(2.34619382340565) draw[0];
m1_1[0] = measure draw[0];
if (m1_1 == 1) {
  ry(pi/2) bob_q[0];
}
if (m1_1 == 1) {
  ry(pi/3) charlie_q[0];
}
barrier draw[0], bob_q[0], charlie_q[0];
rz(basis_bob_0_1) bob_q[0];
ry(basis_bob_1_1) bob_q[0];
rz(basis_charlie_0_1) charlie_q[0];
ry(basis_charlie_1_1) charlie_q[0];
out_bob_1[0] = measure bob_q[0];
out_charlie_1[0] = measure charlie_q[0];
